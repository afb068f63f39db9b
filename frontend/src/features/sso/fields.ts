export interface Field {
  key: string;
  label: string;
  description: string;
  placeholder?: string;
  required?: boolean;
  /** What the server takes when nothing is given. */
  usual?: string;
}

/** The settings of each protocol, in the words the providers use. */
export const FIELDS: Record<"oidc" | "saml", Field[]> = {
  oidc: [
    {
      key: "issuer",
      label: "Issuer",
      description: "We read /.well-known/openid-configuration under it.",
      placeholder: "https://example.okta.com",
      required: true,
    },
    {
      key: "client_id",
      label: "Client ID",
      description: "Of the app you created there.",
      required: true,
    },
    {
      key: "scopes",
      label: "Scopes",
      description: "What we ask for; add the one your provider sends groups for.",
      usual: "openid email profile",
    },
    {
      key: "groups_claim",
      label: "Claim with the groups",
      description: "Leave it unless your provider calls it otherwise.",
      usual: "groups",
    },
    {
      key: "organisation",
      label: "Google Workspace domain",
      description: "Needed for https://accounts.google.com and for nothing else: only its people come in.",
      placeholder: "example.com",
    },
  ],
  saml: [
    {
      key: "metadata_url",
      label: "Metadata address",
      description: "Read now and once a day, so that new certificates count by themselves.",
      placeholder: "https://example.okta.com/app/exk1/sso/saml/metadata",
    },
    {
      key: "email_attribute",
      label: "Attribute with the e-mail address",
      description: "Empty: email, mail and the usual long names.",
    },
    {
      key: "name_attribute",
      label: "Attribute with the name",
      description: "Empty: displayName and the usual long names.",
    },
    {
      key: "groups_attribute",
      label: "Attribute with the groups",
      description: "Empty: groups, memberOf and the usual long names.",
    },
  ],
};
