"""``python -m connectors.testkit.doubles.azureblob --port P``: run the account until stopped."""

import argparse

from connectors.testkit.doubles.azureblob.service import Account, OwnClock
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.azureblob", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", default="acmelogs")
    parser.add_argument("--key", default="a2V5IG9mIHRoZSBkb3VibGU=", help="the account key, base64")
    parser.add_argument("--container", default="logs")
    parser.add_argument("--page", type=int, default=5000, help="the most blobs of one list answer")
    return parser.parse_args()


def main() -> None:
    """Serve one account with one container."""
    options = arguments()
    account = Account(options.account, options.key, options.container, options.page)
    serve_until_stopped([listen(wsgi(account.answer), options.port, handler=OwnClock)])


if __name__ == "__main__":
    main()
