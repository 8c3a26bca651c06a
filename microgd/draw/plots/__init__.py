"""Plots with exact numbers under the pointer; each a Bokeh figure that shows and saves itself."""
