"""What a request brings along is here in full before anybody works on it, and only some may wait for theirs at once.

The server hands a request over when its head has arrived. Reading a body then waits for the sender, who may take as
long as they like: without this, as many idle senders as there are threads would keep every reader waiting.
"""

from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from homeport.core.http import BUSY
from homeport.core.waiting import MOST_BYTES, place

PIECE = 64 * 1024


def arrived(app: WSGIApplication) -> WSGIApplication:
    """`app`, whose requests have arrived in full; for those that have not, one waits while there is a place to wait in.

    One more is answered as too busy (`environ[BUSY]`) without its body being read. A body that ends before
    the announced length is refused: the server itself would pass the first half of a text on as the whole.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> object:
        if _brings_a_body(environ):
            with place() as found:
                if found:
                    environ["wsgi.input"] = _whole(environ)
                else:
                    environ[BUSY] = True
        return app(environ, start_response)

    return serve  # type: ignore[return-value]  # whatever `app` returns


def _brings_a_body(environ: WSGIEnvironment) -> bool:
    """Whether there is one that will be read: an announced length above the most is refused by the application."""
    length = environ.get("CONTENT_LENGTH", "")
    if length:
        return length.isdecimal() and 0 < int(length) <= MOST_BYTES
    return "HTTP_TRANSFER_ENCODING" in environ


def _whole(environ: WSGIEnvironment) -> BytesIO:
    body, source = BytesIO(), environ["wsgi.input"]
    while body.tell() <= MOST_BYTES and (piece := source.read(PIECE)):
        body.write(piece)
    if not environ.get("CONTENT_LENGTH"):
        environ["CONTENT_LENGTH"] = str(body.tell())
    environ.pop("wsgi.input_terminated", None)  # so that Werkzeug counts, and refuses what is shorter than announced
    body.seek(0)
    return body
