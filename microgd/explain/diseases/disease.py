"""What all diseases share: a name, a symptom that is a number against a threshold, and a cure."""

from typing import NamedTuple

from microgd.explain.diseases.case import Case


class Symptom(NamedTuple):
    """A number measured on a network.

    place      where it is worst: a module, a parameter, "inputs", "learning rate"
    value      the number, and the `threshold` beyond which the network is `ill`
    said       both in words
    """

    place: str
    value: float
    threshold: float
    ill: bool
    said: str


class Disease:
    """A subclass says how to find the disease, and how to cure a network of it.

    name      as it is called
    measure   what its number is
    source    where the threshold comes from
    cure      what to do about it
    explains  names of the diseases that it brings about, which are then not found by themselves
    """

    name = ""
    measure = ""
    source = ""
    cure = ""
    explains: tuple[str, ...] = ()

    def symptom(self, case: Case) -> Symptom | None:
        """The worst place; None where the number has no meaning."""
        raise NotImplementedError(f"{type(self).__name__}: write a symptom method")

    def treat(self, case: Case) -> None:
        """Cure the network of `case`, which is a copy, in place."""
        raise NotImplementedError(f"{type(self).__name__}: write a treat method")
