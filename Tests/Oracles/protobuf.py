"""Reads protocol buffer messages, such as the `tokenizer.model` of sentencepiece."""


def fields(message):
    """The numbers and values of a message's fields; texts and nested messages are bytes."""
    i = 0

    def integer():
        nonlocal i
        value = shift = 0
        while True:
            byte = message[i]
            i += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while i < len(message):
        tag = integer()
        if tag & 7 == 0:
            yield tag >> 3, integer()
        else:
            size = integer() if tag & 7 == 2 else 4 if tag & 7 == 5 else 8
            yield tag >> 3, message[i : i + size]
            i += size
