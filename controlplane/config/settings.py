"""Django settings. Everything that differs between places comes from the environment (docs/configuration.md)."""

import os
from typing import Any

from controlplane.config import environment
from controlplane.config.discovery import find_apps
from controlplane.telemetry.logs import logging_config

DATA_DIR = environment.DATA_DIR
DEBUG = False
SECRET_KEY = environment.secret_key()
BASE_DOMAIN = os.environ.get("PORTCULLIS_BASE_DOMAIN", "localhost")
ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}", *environment.words("PORTCULLIS_HOSTS")]
#: Certificate chain and key of `serve`, when it speaks TLS itself; both or none.
TLS_CERTIFICATE = os.environ.get("PORTCULLIS_TLS_CERTIFICATE", "")
TLS_KEY = os.environ.get("PORTCULLIS_TLS_KEY", "")
#: The oldest version that is spoken: 1.2 or 1.3.
TLS_MINIMUM = os.environ.get("PORTCULLIS_TLS_MINIMUM", "1.2")
#: People reach us by https: cookies, HSTS, and requests that came otherwise are refused.
SECURE = environment.flag("PORTCULLIS_HTTPS", default=bool(TLS_CERTIFICATE))
ENVIRONMENT = os.environ.get("PORTCULLIS_ENVIRONMENT", "local")

# Apps: found by folder; the tables of all but the shared ones live in each tenant's schema ------------
FOUND_APPS = find_apps()
SHARED_APPS = ["django_tenants", *[app.config for app in FOUND_APPS if app.shared]]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",  # its table is empty (SESSION_ENGINE); schemas of before know the app
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    *[app.config for app in FOUND_APPS if not app.shared],
]
TABLELESS_APPS = [
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS, *TABLELESS_APPS]

# Database ------------------------------------------------------------------------------------------
DATABASES = environment.databases()
DATABASE_ROUTERS = ["tenants.isolation.routers.AppRoleRouter", "django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL = "orgs.Tenant"
TENANT_DOMAIN_MODEL = "orgs.Domain"
TENANT_DB_ALIAS = "owner"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

# Requests --------------------------------------------------------------------------------------------
ROOT_URLCONF = "controlplane.config.urls"
WSGI_APPLICATION = "controlplane.config.wsgi.application"
APPEND_SLASH = False
MIDDLEWARE = [
    "controlplane.telemetry.middleware.RequestLogMiddleware",
    "controlplane.api.security.SecurityHeadersMiddleware",
    "controlplane.api.security.HttpsOnlyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.orgs.middleware.TenantMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.sso.middleware.SessionPolicyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
STATIC_URL = "/static/"
STATICFILES_DIRS: list[str] = []
WHITENOISE_USE_FINDERS = True
if environment.frontend_folder().is_dir():
    WHITENOISE_ROOT = str(environment.frontend_folder())
FRONTEND_INDEX = environment.frontend_folder() / "index.html"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# Sign-in ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # older hashes; replaced at the next sign-in
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "tenants.accounts.passwords.Longest"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "tenants.accounts.passwords.ContextWords"},
    {"NAME": "tenants.accounts.passwords.Guessable"},
    {"NAME": "tenants.accounts.passwords.Leaked"},
]
#: "Ordered by hash" file of Pwned Passwords (SHA-1), searched where it lies; empty for none.
LEAKED_PASSWORDS = os.environ.get("PORTCULLIS_LEAKED_PASSWORDS", "")
SESSION_ENGINE = "tenants.accounts.sessions"
SESSION_COOKIE_NAME = f"{'__Host-' if SECURE else ''}portcullis_session"
#: A session ends after so long, however busy it is.
SESSION_COOKIE_AGE = int(float(os.environ.get("PORTCULLIS_SESSION_HOURS", "168")) * 3600)
#: And after so long without a request.
SESSION_IDLE_SECONDS = int(float(os.environ.get("PORTCULLIS_SESSION_IDLE_MINUTES", "480")) * 60)
#: For so long after a sign-in, password, code or passkey nothing more is asked for before a dangerous act.
STEP_UP_SECONDS = int(float(os.environ.get("PORTCULLIS_STEP_UP_MINUTES", "10")) * 60)
#: Addresses and networks of the proxies in front; what they say of the client in X-Forwarded-For is believed.
TRUSTED_PROXIES = environment.words("PORTCULLIS_TRUSTED_PROXIES")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CACHES = {"default": {"BACKEND": "tenants.accounts.cache.TenantCache"}}
#: Ties a single sign-on under way to the browser that began it.
SSO_COOKIE_NAME = f"{'__Host-' if SECURE else ''}portcullis_sso"
CSRF_COOKIE_NAME = f"{'__Host-' if SECURE else ''}csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_FAILURE_VIEW = "controlplane.api.errors.csrf_failure"
SECURE_SSL_REDIRECT = (
    False  # refused instead: a redirect would hide that a token was already sent in the clear
)
HTTPS_ONLY = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if environment.flag("PORTCULLIS_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "tenants.accounts.adapter.AccountAdapter"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False  # ours count across processes: tenants/accounts/services/limits.py
ACCOUNT_REAUTHENTICATION_TIMEOUT = STEP_UP_SECONDS
ACCOUNT_LOGIN_TIMEOUT = 900
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/account/email#{key}",
    "account_reset_password": "/account/reset",
    "account_reset_password_from_key": "/account/reset#{key}",
    "account_signup": "/signup",
}
MFA_ADAPTER = "tenants.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A key that anybody who holds it can use is no second factor, and an answer made without the person's PIN or finger
# could otherwise be played into the passkey sign-in.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 12
MFA_RATE_LIMITS = False
#: The mail server, e.g. smtp+starttls://user:password@mail.example.com:587; without one, mails go to the log.
EMAIL_URL = os.environ.get("PORTCULLIS_EMAIL_URL", "")
EMAIL_BACKEND = os.environ.get(
    "PORTCULLIS_EMAIL_BACKEND",
    "tenants.accounts.outgoing.EgressMail" if EMAIL_URL else "django.core.mail.backends.console.EmailBackend",
)
DEFAULT_FROM_EMAIL = os.environ.get("PORTCULLIS_EMAIL_FROM", f"portcullis@{BASE_DOMAIN}")

# REST ------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.tokens.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["controlplane.api.permissions.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "controlplane.api.pagination.CursorPagination",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "controlplane.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "controlplane.api.errors.handle",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Portcullis API",
    "DESCRIPTION": "Inventory, posture, threats and blocks of your APIs. Every error is an RFC 9457 problem.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["controlplane.api.permissions.Anyone"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [],  # enumerations stand where they are used
}

# Logs ------------------------------------------------------------------------------------------------
LOGGING = logging_config(
    os.environ.get("PORTCULLIS_LOG_LEVEL", "INFO"), environment.flag("PORTCULLIS_LOG_TEXT")
)

# Calls -----------------------------------------------------------------------------------------------
ENGINE_THREADS = int(os.environ.get("PORTCULLIS_ENGINE_THREADS", "2"))
ENGINE_MEMORY = os.environ.get("PORTCULLIS_ENGINE_MEMORY", "2GB")
#: A cluster that answers instead of DuckDB in this process (`sc://host:port`, Spark Connect); empty for none.
ENGINE_URL = os.environ.get("PORTCULLIS_ENGINE", "")
RETENTION_DAYS = int(os.environ.get("PORTCULLIS_RETENTION_DAYS", "30"))
#: Accounts of one organisation that become connections.
ORGANIZATION_ACCOUNTS = int(os.environ.get("PORTCULLIS_ORGANIZATION_ACCOUNTS", "1000"))
EGRESS_ALLOW = os.environ.get("PORTCULLIS_EGRESS_ALLOW", "")
#: Address of a tenant's dashboard; ``{tenant}`` is replaced by its short name.
PUBLIC_URL = os.environ.get(
    "PORTCULLIS_PUBLIC_URL", f"http{'s' if SECURE else ''}://{{tenant}}.{BASE_DOMAIN}"
)

#: Who our tokens for cloud vendors come from: the address under which the base domain is reached from everywhere.
ISSUER = os.environ.get("PORTCULLIS_ISSUER", f"http{'s' if SECURE else ''}://{BASE_DOMAIN}").rstrip("/")

# Keys and the audit trail ------------------------------------------------------------------------------
#: The root key that wraps the tenants' keys: `file:<path>` or `aws-kms:<ARN>`, comma-separated while one replaces
#: another (the first wraps, every one opens). Empty: a file made once in the data folder.
ROOT_KEY = os.environ.get("PORTCULLIS_ROOT_KEY", "")
KMS_ENDPOINT = os.environ.get("PORTCULLIS_KMS_ENDPOINT", "")
#: A second place for signed heads of the audit trail, best one that keeps what was written: `file:<folder>`.
AUDIT_MIRROR = os.environ.get("PORTCULLIS_AUDIT_MIRROR", "")

# Tenants ---------------------------------------------------------------------------------------------
#: Schemas made ahead by the scheduler, so that signing up need not wait for one; more while many sign up.
SPARE_SCHEMAS = int(os.environ.get("PORTCULLIS_SPARE_SCHEMAS", "5"))
#: Hours between an owner's wish to delete the workspace and its deletion.
DELETION_GRACE_HOURS = float(os.environ.get("PORTCULLIS_DELETION_GRACE_HOURS", "168"))
