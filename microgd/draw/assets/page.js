"use strict";
// What the pages that step have in common; the page's own script follows.

const record = JSON.parse(document.getElementById("record").textContent);
const $ = (id) => document.getElementById(id);

// All text goes through textContent, so that a name can never be markup
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").setAttribute("aria-pressed", dark);
}
$("theme").addEventListener("click", () =>
  theme($("theme").getAttribute("aria-pressed") !== "true"),
);
theme(matchMedia("(prefers-color-scheme: dark)").matches);

function playing(on) {
  $("play").setAttribute("aria-pressed", on);
  $("play").querySelector("span").textContent = on ? "Pause" : "Play";
}

function keys(moves) {
  document.addEventListener("keydown", (key) => {
    // A field and the slider have their own use for arrows; the browser has its own for Alt+Left
    if (key.altKey || key.ctrlKey || key.metaKey || /INPUT|SELECT/.test(key.target.tagName)) return;
    if (!moves[key.key]) return;
    key.preventDefault();
    moves[key.key]();
  });
}
