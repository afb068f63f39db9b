import { useQuery } from "@tanstack/react-query";
import { useCan } from "@/api/session";
import { Grid, Panel } from "@/ui/Layout";
import { Forbidden, Loaded } from "@/ui/States";
import { Domains } from "./Domains";
import { GroupRoles } from "./GroupRoles";
import { Links } from "./Links";
import { Providers } from "./Providers";
import { domainsQuery, policyQuery, providersQuery } from "./query";
import { Required } from "./Required";
import { Steps } from "./Steps";

export default function SsoPage() {
  return useCan("sso.manage") ? <SingleSignOn /> : <Forbidden what="Single sign-on" who="Owners" />;
}

function SingleSignOn() {
  const providers = useQuery(providersQuery);
  const domains = useQuery(domainsQuery);
  const policy = useQuery(policyQuery);
  return (
    <Grid>
      <Panel title="The way there" note="Included in every plan">
        <Loaded query={providers} rows={3}>
          {(known) => <Steps providers={known} domains={domains.data ?? []} policy={policy.data} />}
        </Loaded>
      </Panel>
      <Panel title="E-mail domains" note="Only people of a verified domain can sign in by a provider">
        <Loaded query={domains} rows={3}>
          {(rows) => <Domains domains={rows} />}
        </Loaded>
      </Panel>
      <Panel title="Identity providers">
        <Loaded query={providers}>
          {(rows) => <Providers providers={rows} required={policy.data?.required ?? false} />}
        </Loaded>
      </Panel>
      <Panel title="Groups and roles" span={7}>
        <Loaded query={policy}>
          {(data) => <GroupRoles key={JSON.stringify(data)} policy={data} providers={providers.data ?? []} />}
        </Loaded>
      </Panel>
      <Panel title="Require single sign-on" span={5}>
        <Loaded query={policy}>
          {(data) => <Required key={JSON.stringify(data)} policy={data} providers={providers.data ?? []} />}
        </Loaded>
      </Panel>
      <Panel title="People who sign in by a provider" flush>
        <Links providers={providers.data ?? []} />
      </Panel>
    </Grid>
  );
}
