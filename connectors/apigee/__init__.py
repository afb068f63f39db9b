"""Google Apigee X and Apigee hybrid: proxies, products and apps read; blocks as security actions."""
