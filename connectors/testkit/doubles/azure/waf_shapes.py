"""The documents of both kinds of WAF policies, member by member."""

from connectors.testkit.doubles.azure.document import anything, flag, members, number, one_of, several, text

MAX_RULES, CONDITIONS = 100, 10

FRONT_DOOR_RULE = members(
    {
        "name": text(128),
        "priority": number(0),
        "enabledState": one_of("Enabled", "Disabled"),
        "ruleType": one_of("MatchRule", "RateLimitRule"),
        "rateLimitDurationInMinutes": number(0, 5),
        "rateLimitThreshold": number(0),
        "groupBy": several(members({"variableName": one_of("SocketAddr", "GeoLocation", "None")}, ("variableName",)), 5),
        "matchConditions": several(
            members(
                {
                    "matchVariable": one_of(
                        "RemoteAddr", "RequestMethod", "QueryString", "PostArgs", "RequestUri", "RequestHeader",
                        "RequestBody", "Cookies", "SocketAddr",
                    ),
                    "selector": text(256),
                    "operator": one_of(
                        "Any", "IPMatch", "GeoMatch", "Equal", "Contains", "LessThan", "GreaterThan",
                        "LessThanOrEqual", "GreaterThanOrEqual", "BeginsWith", "EndsWith", "RegEx",
                        "ServiceTagMatch",
                    ),
                    "negateCondition": flag,
                    "matchValue": several(text(), 600),
                    "transforms": several(
                        one_of("Lowercase", "Uppercase", "Trim", "UrlDecode", "UrlEncode", "RemoveNulls"), 5
                    ),
                },
                ("matchVariable", "operator", "matchValue"),
            ),
            CONDITIONS,
            1,
        ),
        "action": one_of("Allow", "Block", "Log", "Redirect", "JSChallenge", "CAPTCHA"),
    },
    ("name", "priority", "ruleType", "matchConditions", "action"),
)  # fmt: skip

FRONT_DOOR = members(
    {
        "policySettings": members(
            {
                "enabledState": one_of("Enabled", "Disabled"),
                "mode": one_of("Prevention", "Detection"),
                "redirectUrl": text(),
                "customBlockResponseStatusCode": number(200, 599),
                "customBlockResponseBody": text(32768),
                "requestBodyCheck": one_of("Enabled", "Disabled"),
                "javascriptChallengeExpirationInMinutes": number(5, 1440),
                "captchaExpirationInMinutes": number(5, 1440),
                "logScrubbing": anything,
            }
        ),
        "customRules": members({"rules": several(FRONT_DOOR_RULE, MAX_RULES)}),
        "managedRules": members({"managedRuleSets": anything, "exceptionsList": anything}),
        "frontendEndpointLinks": anything, "routingRuleLinks": anything, "securityPolicyLinks": anything,
        "provisioningState": anything, "resourceState": anything,
    }
)  # fmt: skip

GATEWAY_RULE = members(
    {
        "name": text(128),
        "etag": anything,
        "priority": number(1, 100),
        "state": one_of("Enabled", "Disabled"),
        "rateLimitDuration": one_of("OneMin", "FiveMins"),
        "rateLimitThreshold": number(1),
        "ruleType": one_of("MatchRule", "RateLimitRule"),
        "matchConditions": several(
            members(
                {
                    "matchVariables": several(
                        members(
                            {
                                "variableName": one_of(
                                    "RemoteAddr", "RequestMethod", "QueryString", "PostArgs", "RequestUri",
                                    "RequestHeaders", "RequestBody", "RequestCookies",
                                ),
                                "selector": text(256),
                            },
                            ("variableName",),
                        ),
                        10,
                        1,
                    ),
                    "operator": one_of(
                        "IPMatch", "Equal", "Contains", "LessThan", "GreaterThan", "LessThanOrEqual",
                        "GreaterThanOrEqual", "BeginsWith", "EndsWith", "Regex", "GeoMatch", "Any",
                    ),
                    "negationConditon": flag,
                    "matchValues": several(text(), 600),
                    "transforms": several(
                        one_of(
                            "Uppercase", "Lowercase", "Trim", "UrlDecode", "UrlEncode", "RemoveNulls",
                            "HtmlEntityDecode",
                        ),
                        6,
                    ),
                },
                ("matchVariables", "operator", "matchValues"),
            ),
            CONDITIONS,
            1,
        ),
        "groupByUserSession": several(
            members(
                {
                    "groupByVariables": several(
                        members(
                            {
                                "variableName": one_of(
                                    "ClientAddr", "GeoLocation", "None", "ClientAddrXFFHeader", "GeoLocationXFFHeader"
                                )
                            },
                            ("variableName",),
                        ),
                        1,
                        1,
                    )
                },
                ("groupByVariables",),
            ),
            1,
        ),
        "action": one_of("Allow", "Block", "Log"),
    },
    ("priority", "ruleType", "matchConditions", "action"),
)  # fmt: skip

GATEWAY = members(
    {
        "policySettings": members(
            {
                "state": one_of("Enabled", "Disabled"),
                "mode": one_of("Prevention", "Detection"),
                "requestBodyCheck": flag,
                "requestBodyInspectLimitInKB": number(8, 2048),
                "requestBodyEnforcement": flag,
                "maxRequestBodySizeInKb": number(8, 2000),
                "fileUploadEnforcement": flag,
                "fileUploadLimitInMb": number(0, 4000),
                "customBlockResponseStatusCode": number(0, 599),
                "customBlockResponseBody": text(32768),
                "logScrubbing": anything,
                "jsChallengeCookieExpirationInMins": number(5, 1440),
            }
        ),
        "customRules": several(GATEWAY_RULE, MAX_RULES),
        "managedRules": members(
            {"exceptions": anything, "exclusions": anything, "managedRuleSets": anything}, ("managedRuleSets",)
        ),
        "applicationGateways": anything, "httpListeners": anything, "pathBasedRules": anything,
        "provisioningState": anything, "resourceState": anything,
    },
    ("managedRules",),
)  # fmt: skip
