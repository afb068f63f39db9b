"""An OpenID Connect provider as strict as the real ones, which can also be told to lie."""
