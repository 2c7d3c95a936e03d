"""How a test ends: a Failure says what is wrong with the broker, a Skip why nothing was asked."""


class Failure(Exception):
    """The broker (or a client against it) did something else than Apache Kafka would."""


class Skip(Exception):
    """The test cannot run here; the text says what is missing and how to get it."""


def check(fact, text):
    """Raises Failure with `text` (a string, or a function that makes one) unless `fact` holds."""
    if not fact:
        raise Failure(text() if callable(text) else text)


def say(text):
    print(text, flush=True)
