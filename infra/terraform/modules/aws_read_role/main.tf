resource "aws_iam_role" "portcullis_read" {
  name                 = "portcullis-read"
  max_session_duration = 3600
  tags                 = { portcullis = "read" }

  assume_role_policy = jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Effect": "Allow",
        "Principal": {
          "AWS": "${var.principal_arn}"
        },
        "Action": "sts:AssumeRole",
        "Condition": {
          "StringEquals": {
            "sts:ExternalId": "${var.external_id}"
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "portcullis_read" {
  name = "portcullis"
  role = aws_iam_role.portcullis_read.id

  policy = jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "ApigatewayGet",
        "Effect": "Allow",
        "Action": [
          "apigateway:GET"
        ],
        "Resource": [
          "arn:aws:apigateway:*::/account",
          "arn:aws:apigateway:*::/restapis",
          "arn:aws:apigateway:*::/restapis/*",
          "arn:aws:apigateway:*::/apis",
          "arn:aws:apigateway:*::/apis/*",
          "arn:aws:apigateway:*::/domainnames",
          "arn:aws:apigateway:*::/domainnames/*",
          "arn:aws:apigateway:*::/usageplans"
        ]
      },
      {
        "Sid": "Wafv2ListWebACLs",
        "Effect": "Allow",
        "Action": [
          "wafv2:ListWebACLs",
          "wafv2:GetWebACL",
          "wafv2:ListResourcesForWebACL",
          "wafv2:GetLoggingConfiguration",
          "wafv2:ListIPSets",
          "wafv2:ListRuleGroups",
          "wafv2:CheckCapacity",
          "cloudtrail:LookupEvents",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeLoadBalancerAttributes",
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeSSLPolicies",
          "elasticloadbalancing:DescribeTags",
          "cloudfront:ListDistributions",
          "logs:DescribeDeliverySources",
          "logs:DescribeDeliveries"
        ],
        "Resource": [
          "*"
        ]
      },
      {
        "Sid": "Wafv2GetIPSet",
        "Effect": "Allow",
        "Action": [
          "wafv2:GetIPSet"
        ],
        "Resource": [
          "arn:aws:wafv2:*:${var.account_id}:*/ipset/portcullis-*"
        ]
      },
      {
        "Sid": "Wafv2GetRuleGroup",
        "Effect": "Allow",
        "Action": [
          "wafv2:GetRuleGroup"
        ],
        "Resource": [
          "arn:aws:wafv2:*:${var.account_id}:*/rulegroup/portcullis-*"
        ]
      },
      {
        "Sid": "LogsFilterLogEvents",
        "Effect": "Allow",
        "Action": [
          "logs:FilterLogEvents"
        ],
        "Resource": concat(["arn:aws:logs:*:${var.account_id}:log-group:aws-waf-logs-*:*"], [for name in var.access_log_groups : "arn:aws:logs:*:${var.account_id}:log-group:${name}:*"])
      },
      {
        "Sid": "S3ListBucket",
        "Effect": "Allow",
        "Action": [
          "s3:ListBucket"
        ],
        "Resource": [
          "arn:aws:s3:::aws-waf-logs-*"
        ]
      },
      {
        "Sid": "S3GetObject",
        "Effect": "Allow",
        "Action": [
          "s3:GetObject"
        ],
        "Resource": [
          "arn:aws:s3:::aws-waf-logs-*/*"
        ]
      },
      {
        "Sid": "CloudfrontGetDistributionConfig",
        "Effect": "Allow",
        "Action": [
          "cloudfront:GetDistributionConfig"
        ],
        "Resource": [
          "arn:aws:cloudfront::${var.account_id}:distribution/*"
        ]
      },
      {
        "Sid": "NeverApiKeys",
        "Effect": "Deny",
        "Action": [
          "apigateway:GET"
        ],
        "Resource": [
          "arn:aws:apigateway:*::/apikeys",
          "arn:aws:apigateway:*::/apikeys/*",
          "arn:aws:apigateway:*::/usageplans/*/keys",
          "arn:aws:apigateway:*::/usageplans/*/keys/*"
        ]
      }
    ]
  })
}

output "role_arn" {
  description = "Enter this in Portcullis."
  value       = aws_iam_role.portcullis_read.arn
}
