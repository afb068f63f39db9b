resource "aws_iam_role" "portcullis_blocking" {
  name                 = "portcullis-blocking"
  max_session_duration = 3600
  tags                 = { portcullis = "write" }

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

resource "aws_iam_role_policy" "portcullis_blocking" {
  name = "portcullis"
  role = aws_iam_role.portcullis_blocking.id

  policy = jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "Wafv2CreateIPSet",
        "Effect": "Allow",
        "Action": [
          "wafv2:CreateIPSet",
          "wafv2:UpdateIPSet",
          "wafv2:DeleteIPSet"
        ],
        "Resource": [
          "arn:aws:wafv2:*:${var.account_id}:*/ipset/portcullis-*"
        ]
      },
      {
        "Sid": "Wafv2CreateRuleGroup",
        "Effect": "Allow",
        "Action": [
          "wafv2:CreateRuleGroup",
          "wafv2:UpdateRuleGroup",
          "wafv2:TagResource"
        ],
        "Resource": [
          "arn:aws:wafv2:*:${var.account_id}:*/ipset/portcullis-*",
          "arn:aws:wafv2:*:${var.account_id}:*/rulegroup/portcullis-*"
        ]
      },
      {
        "Sid": "Wafv2DeleteRuleGroup",
        "Effect": "Allow",
        "Action": [
          "wafv2:DeleteRuleGroup"
        ],
        "Resource": [
          "arn:aws:wafv2:*:${var.account_id}:*/rulegroup/portcullis-*"
        ]
      },
      {
        "Sid": "Wafv2UpdateWebACL",
        "Effect": "Allow",
        "Action": [
          "wafv2:UpdateWebACL"
        ],
        "Resource": [
          "arn:aws:wafv2:*:${var.account_id}:*/webacl/*",
          "arn:aws:wafv2:*:${var.account_id}:*/rulegroup/*",
          "arn:aws:wafv2:*:${var.account_id}:*/ipset/*",
          "arn:aws:wafv2:*:${var.account_id}:*/regexpatternset/*",
          "arn:aws:wafv2:*:*:*/managedruleset/*"
        ]
      }
    ]
  })
}

output "role_arn" {
  description = "Enter this in Portcullis."
  value       = aws_iam_role.portcullis_blocking.arn
}
