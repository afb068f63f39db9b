"""``python -m connectors.testkit.doubles.aws --port P --data-port D``: run the AWS double until stopped."""

import argparse
import os

from connectors.testkit.doubles.aws.delivery import LogDelivery
from connectors.testkit.doubles.aws.estate import seed
from connectors.testkit.doubles.aws.gateway import DataPlane
from connectors.testkit.doubles.aws.identity import Principals
from connectors.testkit.doubles.aws.strict import StrictAws
from connectors.testkit.doubles.aws.throttle import Throttle
from connectors.testkit.doubles.aws.trail import TRAIL
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream


def arguments() -> argparse.Namespace:
    """The command line."""
    known = Principals()
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="API endpoint of every AWS service")
    parser.add_argument(
        "--data-port", type=int, required=True, help="the deployed APIs (Host header picks one)"
    )
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--seed", action="store_true", help="create the sample company's estate at start")
    parser.add_argument(
        "--rate-scale", type=float, default=1.0, help="multiply the vendor's API rates; 0 is no limit"
    )
    parser.add_argument("--log-interval", type=float, default=2.0, help="seconds between log deliveries")
    parser.add_argument(
        "--trail-delay", type=float, default=0.0, help="seconds until a call can be looked up in CloudTrail"
    )
    parser.add_argument(
        "--admin-key", default=known.admin_key, help="access key of the customer's administrator"
    )
    parser.add_argument(
        "--platform-key", default=known.platform_key, help="access key of the product's principal"
    )
    parser.add_argument(
        "--platform-principal", default=known.platform_arn, help="ARN of the product's principal"
    )
    return parser.parse_args()


def main() -> None:
    """Run both ports in this process."""
    options = arguments()
    # Values nobody uses: moto only insists that boto3 finds some.
    os.environ.setdefault("AWS_ACCESS_KEY_ID", options.admin_key)
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "unused")
    principals = Principals(options.admin_key, options.platform_key, options.platform_principal)
    delivery = LogDelivery(options.region, options.log_interval)
    TRAIL.delay_s = options.trail_delay
    api = StrictAws(principals, Throttle(options.rate_scale))
    plane = DataPlane(options.region, Upstream(options.backend), delivery)
    servers = [listen(wsgi(api.answer), options.port), listen(wsgi(plane.answer), options.data_port)]

    def seeded() -> None:
        if options.seed:
            seed(f"http://127.0.0.1:{options.port}", options.region, options.admin_key)
        api.ready = True

    serve_until_stopped(servers, seeded, delivery.close)


if __name__ == "__main__":
    main()
