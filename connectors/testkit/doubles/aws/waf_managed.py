"""Stand-ins for AWS managed rule groups: rule names as the vendor documents them, patterns of our own.

Source of the names: AWS WAF Developer Guide, "AWS Managed Rules rule groups list".
"""

from typing import Any


def _sqli(name: str, field: dict[str, Any]) -> dict[str, Any]:
    decode = [{"Priority": 0, "Type": "URL_DECODE"}]
    statement = {"SqliMatchStatement": {"FieldToMatch": field, "TextTransformations": decode}}
    return {"Name": name, "Action": {"Block": {}}, "Statement": statement}


def _xss(name: str, field: dict[str, Any]) -> dict[str, Any]:
    decode = [{"Priority": 0, "Type": "URL_DECODE"}]
    statement = {"XssMatchStatement": {"FieldToMatch": field, "TextTransformations": decode}}
    return {"Name": name, "Action": {"Block": {}}, "Statement": statement}


def _regex(name: str, field: dict[str, Any], pattern: str) -> dict[str, Any]:
    decode = [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "LOWERCASE"}]
    statement = {
        "RegexMatchStatement": {"FieldToMatch": field, "TextTransformations": decode, "RegexString": pattern}
    }
    return {"Name": name, "Action": {"Block": {}}, "Statement": statement}


BAD_BOTS = r"sqlmap|nikto|nuclei|zgrab|masscan|gobuster|wpscan"

MANAGED_RULES: dict[str, list[dict[str, Any]]] = {
    "AWSManagedRulesCommonRuleSet": [
        _regex("UserAgent_BadBots_HEADER", {"SingleHeader": {"Name": "user-agent"}}, BAD_BOTS),
        _regex("RestrictedExtensions_URIPATH", {"UriPath": {}}, r"\.(env|bak|ini|log|conf|sql)$"),
        _regex("GenericLFI_URIPATH", {"UriPath": {}}, r"\.\./|/etc/passwd"),
        _xss("CrossSiteScripting_QUERYARGUMENTS", {"AllQueryArguments": {}}),
        _xss("CrossSiteScripting_BODY", {"Body": {"OversizeHandling": "CONTINUE"}}),
    ],
    "AWSManagedRulesSQLiRuleSet": [
        _sqli("SQLi_QUERYARGUMENTS", {"AllQueryArguments": {}}),
        _sqli("SQLi_URIPATH", {"UriPath": {}}),
        _sqli("SQLi_BODY", {"Body": {"OversizeHandling": "CONTINUE"}}),
    ],
    "AWSManagedRulesKnownBadInputsRuleSet": [
        _regex("Log4JRCE_QUERYSTRING", {"QueryString": {}}, r"\$\{jndi:"),
        _regex("ExploitablePaths_URIPATH", {"UriPath": {}}, r"/wp-admin|/\.git/|/actuator|/phpmyadmin"),
    ],
}
