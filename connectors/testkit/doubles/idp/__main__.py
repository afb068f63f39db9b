"""``python -m connectors.testkit.doubles.idp --port P``: run the provider until stopped."""

import argparse

from connectors.testkit.doubles.idp.provider import Provider
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.idp", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--client-id", default="portcullis")
    parser.add_argument("--client-secret", default="client-secret-of-the-double")
    return parser.parse_args()


def main() -> None:
    """Serve one provider, whose issuer is its own address."""
    options = arguments()
    provider = Provider(f"http://127.0.0.1:{options.port}", options.client_id, options.client_secret)
    serve_until_stopped([listen(wsgi(provider.answer), options.port)])


if __name__ == "__main__":
    main()
