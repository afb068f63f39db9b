"""The sample company's AWS estate, created through the API with boto3 like any customer's would be.

It has the weaknesses the product is to find: a sensitive method without authorization, a legacy stage
without WAF or logging, managed rules in Count only, no redaction of WAF logs, wildcard CORS, catch-all
routes, no throttling.
"""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

ACCESS_LOG_FORMAT = (
    '{"requestId":"$context.requestId","apiId":"$context.apiId","stage":"$context.stage",'
    '"requestTimeEpoch":$context.requestTimeEpoch,"ip":"$context.identity.sourceIp",'
    '"ua":"$context.identity.userAgent","httpMethod":"$context.httpMethod","path":"$context.path",'
    '"resourcePath":"$context.resourcePath","status":"$context.status","protocol":"$context.protocol",'
    '"domainName":"$context.domainName","responseLength":"$context.responseLength",'
    '"responseLatency":"$context.responseLatency","integrationStatus":"$context.integration.status",'
    '"integrationLatency":"$context.integration.latency","authorizerPrincipal":"$context.authorizer.principalId",'
    '"claimsSub":"$context.authorizer.claims.sub","apiKeyId":"$context.identity.apiKeyId",'
    '"wafStatus":"$context.waf.status","webaclArn":"$context.webaclArn","errorMessage":"$context.error.message"}'
)
MOBILE_LOG_FORMAT = (
    '{"id":"$context.requestId","when":"$context.requestTime","from":"$context.identity.sourceIp",'
    '"agent":"$context.identity.userAgent","verb":"$context.httpMethod","route":"$context.routeKey",'
    '"url":"$context.path","code":"$context.status","bytes":"$context.responseLength",'
    '"user":"$context.authorizer.claims.sub","took":"$context.responseLatency","host":"$context.domainName",'
    '"api":"$context.apiId","stage":"$context.stage"}'
)
WAF_BUCKET = "aws-waf-logs-acme-prod"
ORDERS_LOG_GROUP = "/aws/apigateway/orders-prod"
MOBILE_LOG_GROUP = "/aws/http-api/mobile"
PARTNER_KEYS = {
    "partner-globex": "globex-7f3a9c1e5b2d4860a1c3",
    "partner-initech": "initech-2b8d6f0a4c9e1753d5b7",
}

COGNITO, CUSTOM, KEY, OPEN = "COGNITO_USER_POOLS", "CUSTOM", "KEY", "NONE"
ORDERS_METHODS: tuple[tuple[str, str, str], ...] = (
    ("/health", "GET", OPEN),
    ("/login", "POST", OPEN),
    ("/me", "GET", COGNITO),
    ("/me", "PATCH", COGNITO),
    ("/orders", "GET", COGNITO),
    ("/orders", "POST", COGNITO),
    ("/orders/{orderId}", "GET", COGNITO),
    ("/orders/{orderId}", "PATCH", CUSTOM),
    ("/orders/{orderId}", "DELETE", CUSTOM),
    ("/orders/{orderId}/items", "GET", COGNITO),
    ("/customers/{customerId}", "GET", OPEN),
    ("/cart/items", "POST", COGNITO),
    ("/checkout", "POST", COGNITO),
    ("/partners/orders", "GET", KEY),
    ("/reports/daily", "GET", KEY),
    ("/orders", "OPTIONS", "MOCK"),
)
MOBILE_ROUTES: tuple[tuple[str, bool], ...] = (
    ("POST /login", False),
    ("GET /me", True),
    ("GET /orders", True),
    ("GET /orders/{id}", True),
    ("GET /payments", True),
    ("GET /feed", False),
    ("POST /devices", False),
    ("$default", False),
)


@dataclass(frozen=True)
class Clients:
    """boto3 clients of the customer's administrator (untyped: the stubs follow literal service names)."""

    endpoint: str
    region: str
    access_key: str

    def client(self, service: str) -> Any:
        """A boto3 client of ``service`` that talks to the double."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.access_key[::-1],
            config=Config(retries={"max_attempts": 1}),
        )


def _methods(api: Any, api_id: str, authorizers: dict[str, str]) -> None:
    root = next(item["id"] for item in api.get_resources(restApiId=api_id)["items"] if item["path"] == "/")
    known = {"": root}
    for path, verb, auth in ORDERS_METHODS:
        parent = ""
        for part in path.strip("/").split("/"):
            here = f"{parent}/{part}"
            if here not in known:
                made = api.create_resource(restApiId=api_id, parentId=known[parent], pathPart=part)
                known[here] = made["id"]
            parent = here
        kind = auth if auth in (COGNITO, CUSTOM) else "NONE"
        extra = {"authorizerId": authorizers[kind]} if kind in authorizers else {}
        place = {"restApiId": api_id, "resourceId": known[path], "httpMethod": verb}
        api.put_method(**place, authorizationType=kind, apiKeyRequired=auth == KEY, **extra)
        if auth == "MOCK":
            template = {"application/json": '{"statusCode": 200}'}
            api.put_integration(**place, type="MOCK", requestTemplates=template)
        else:
            uri = f"http://orders.internal.acme.example{path}"
            api.put_integration(**place, type="HTTP_PROXY", integrationHttpMethod=verb, uri=uri)


def _orders_api(clients: Clients) -> tuple[str, str]:
    api, region = clients.client("apigateway"), clients.region
    made = api.create_rest_api(
        name="orders",
        description="Orders and customers of the Acme web shop",
        endpointConfiguration={"types": ["REGIONAL"]},
        tags={"team": "commerce", "owner": "commerce@acme.example", "env": "prod"},
    )
    api_id = made["id"]
    pool = f"arn:aws:cognito-idp:{region}:123456789012:userpool/{region}_AcmeUsers"
    lambda_uri = (
        f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/arn:aws:lambda:{region}:123456789012"
    )
    source = "method.request.header.Authorization"
    cognito = api.create_authorizer(
        restApiId=api_id, name="acme-users", type=COGNITO, providerARNs=[pool], identitySource=source
    )
    custom = api.create_authorizer(
        restApiId=api_id,
        name="staff",
        type="TOKEN",
        authorizerUri=f"{lambda_uri}:function:staff-authorizer/invocations",
        identitySource=source,
        authorizerResultTtlInSeconds=3600,
    )
    _methods(api, api_id, {COGNITO: cognito["id"], CUSTOM: custom["id"]})
    deployment = api.create_deployment(restApiId=api_id, description="2026-10")["id"]
    api.create_stage(restApiId=api_id, stageName="prod", deploymentId=deployment, tags={"team": "commerce"})
    legacy_variables = {"dbPassword": "legacy-orders-2019"}
    api.create_stage(restApiId=api_id, stageName="v1", deploymentId=deployment, variables=legacy_variables)
    group = f"arn:aws:logs:{region}:123456789012:log-group:{ORDERS_LOG_GROUP}"
    values = {"/accessLogSettings/destinationArn": group, "/accessLogSettings/format": ACCESS_LOG_FORMAT}
    values["/*/*/logging/loglevel"] = "ERROR"
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    api.update_stage(restApiId=api_id, stageName="prod", patchOperations=operations)
    _keys_and_domain(api, api_id)
    return api_id, f"arn:aws:apigateway:{region}::/restapis/{api_id}/stages/prod"


def _keys_and_domain(api: Any, api_id: str) -> None:
    plan = api.create_usage_plan(name="partners", apiStages=[{"apiId": api_id, "stage": "prod"}])
    for name, value in PARTNER_KEYS.items():
        key = api.create_api_key(name=name, enabled=True, value=value)
        api.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    api.create_domain_name(
        domainName="api.acme.example",
        regionalCertificateName="api.acme.example",
        endpointConfiguration={"types": ["REGIONAL"]},
        securityPolicy="TLS_1_0",
    )
    api.create_base_path_mapping(domainName="api.acme.example", restApiId=api_id, stage="prod")


def _mobile_api(clients: Clients) -> None:
    api = clients.client("apigatewayv2")
    made = api.create_api(
        Name="mobile",
        ProtocolType="HTTP",
        CorsConfiguration={"AllowOrigins": ["*"], "AllowMethods": ["*"], "AllowHeaders": ["*"]},
        Tags={"team": "mobile"},
    )
    api_id = made["ApiId"]
    jwt = api.create_authorizer(
        ApiId=api_id,
        Name="acme-id",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://id.acme.example", "Audience": ["mobile"]},
    )
    integration = api.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri="http://mobile.internal.acme.example",
        PayloadFormatVersion="1.0",
    )
    for key, protected in MOBILE_ROUTES:
        auth = {"AuthorizationType": "JWT", "AuthorizerId": jwt["AuthorizerId"]} if protected else {}
        target = f"integrations/{integration['IntegrationId']}"
        api.create_route(ApiId=api_id, RouteKey=key, Target=target, **auth)
    group = f"arn:aws:logs:{clients.region}:123456789012:log-group:{MOBILE_LOG_GROUP}"
    settings = {"DestinationArn": group, "Format": MOBILE_LOG_FORMAT}
    api.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True, AccessLogSettings=settings)
    certificate = f"arn:aws:acm:{clients.region}:123456789012:certificate/mobile"
    configurations = [
        {"CertificateArn": certificate, "SecurityPolicy": "TLS_1_2", "EndpointType": "REGIONAL"}
    ]
    api.create_domain_name(DomainName="mobile.acme.example", DomainNameConfigurations=configurations)
    api.create_api_mapping(ApiId=api_id, DomainName="mobile.acme.example", Stage="$default")


def _managed_in_count(name: str, priority: int) -> dict[str, Any]:
    metrics = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    statement = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}}
    rule = {"Name": f"AWS-{name}", "Priority": priority, "Statement": statement}
    return rule | {"OverrideAction": {"Count": {}}, "VisibilityConfig": metrics}


def _web_acl(clients: Clients, stage_arn: str) -> str:
    waf = clients.client("wafv2")
    metrics = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "acme-main"}
    acl = waf.create_web_acl(
        Name="acme-main",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Description="Main web ACL of the shop",
        VisibilityConfig=metrics,
        Rules=[
            _managed_in_count("AWSManagedRulesCommonRuleSet", 10),
            _managed_in_count("AWSManagedRulesSQLiRuleSet", 20),
        ],
    )["Summary"]
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=stage_arn)
    destination = f"arn:aws:s3:::{WAF_BUCKET}"
    waf.put_logging_configuration(
        LoggingConfiguration={"ResourceArn": acl["ARN"], "LogDestinationConfigs": [destination]}
    )
    return str(acl["ARN"])


def seed(endpoint: str, region: str, access_key: str) -> dict[str, str]:
    """Create the whole estate; returns the ids a person would look up in the console."""
    clients = Clients(endpoint, region, access_key)
    logs = clients.client("logs")
    for group in (ORDERS_LOG_GROUP, MOBILE_LOG_GROUP):
        logs.create_log_group(logGroupName=group)
    clients.client("s3").create_bucket(Bucket=WAF_BUCKET)
    api_id, stage_arn = _orders_api(clients)
    _mobile_api(clients)
    return {"orders_api": api_id, "orders_stage_arn": stage_arn, "web_acl_arn": _web_acl(clients, stage_arn)}
