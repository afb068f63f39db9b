import {
  Accordion,
  Button,
  Checkbox,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, unwrapPage } from "@/api/client";
import type { BlockAction, BlockMatch, BlockTarget } from "@/api/types";
import { Loaded } from "@/ui/States";
import { TTL_PRESETS, type Draft } from "./draft";
import { actionName, describeMatch } from "./names";

interface StepProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

/** What to match, what to do, for how long, and where. */
export function MatchStep({ draft, onChange }: StepProps) {
  const { match } = draft;
  const said = describeMatch(match);
  const set = (change: Partial<BlockMatch>): void => onChange({ ...draft, match: { ...match, ...change } });
  return (
    <Stack gap="lg">
      <TagsInput
        label="Networks"
        description="Addresses or ranges, such as 198.18.4.7/32. Press Enter after each."
        value={match.networks}
        onChange={(networks) => set({ networks: networks.map(withPrefix) })}
      />
      <Group grow align="flex-start" preventGrowOverflow={false}>
        <TagsInput
          label="Paths"
          description="Templates, such as /orders/{id}."
          value={match.path_templates}
          onChange={(path_templates) => set({ path_templates })}
          miw={240}
        />
        <TagsInput
          label="Methods"
          description="Empty means any."
          data={METHODS}
          value={match.methods}
          onChange={(methods) => set({ methods: methods.map((m) => m.toUpperCase()) })}
          miw={200}
        />
      </Group>
      <Accordion variant="contained" chevronPosition="left">
        <Accordion.Item value="more">
          <Accordion.Control>
            Other ways to match: consumer, host, header, TLS fingerprint, country, network operator
          </Accordion.Control>
          <Accordion.Panel>
            <Stack>
              <TagsInput
                label="Principals"
                description="As the threat page names them."
                value={match.principals}
                onChange={(principals) => set({ principals })}
              />
              <TagsInput
                label="Consumers"
                description="As the gateway names them."
                value={match.consumers}
                onChange={(consumers) => set({ consumers })}
              />
              <TagsInput label="Hosts" value={match.hosts} onChange={(hosts) => set({ hosts })} />
              <Headers match={match} set={set} />
              <TagsInput
                label="TLS fingerprints (JA4)"
                description="JA4 summarises how a client opens an encrypted connection."
                value={match.ja4}
                onChange={(ja4) => set({ ja4 })}
              />
              <TagsInput
                label="Countries"
                description="Two-letter codes, such as NL."
                value={match.countries}
                onChange={(countries) => set({ countries: countries.map((c) => c.toUpperCase()) })}
              />
              <TagsInput
                label="Network operators (AS numbers)"
                value={match.asns.map(String)}
                onChange={(asns) => set({ asns: asns.map(Number).filter(Number.isFinite) })}
              />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      <Text size="sm" aria-live="polite">
        {said ? (
          <>
            <span className="soft">Matches calls </span>
            <strong>{said}</strong>
            <span className="soft">. Every part must hold.</span>
          </>
        ) : (
          <span className="soft">Nothing is matched yet: fill in at least one part.</span>
        )}
      </Text>
      <Group align="flex-start" gap="xl">
        <div>
          <Text size="sm" fw={500} mb={2} id="action-label">
            Action
          </Text>
          <SegmentedControl
            aria-labelledby="action-label"
            value={draft.action}
            onChange={(action) => onChange({ ...draft, action: action as BlockAction })}
            data={(["block", "rate_limit"] as const).map((value) => ({ value, label: actionName[value] }))}
          />
        </div>
        {draft.action === "rate_limit" ? (
          <Group align="flex-start">
            <NumberInput
              label="Requests"
              w={110}
              min={1}
              value={draft.rate.requests}
              onChange={(n) => onChange({ ...draft, rate: { ...draft.rate, requests: Number(n) || 1 } })}
            />
            <NumberInput
              label="per seconds"
              w={110}
              min={1}
              value={draft.rate.per_seconds}
              onChange={(n) => onChange({ ...draft, rate: { ...draft.rate, per_seconds: Number(n) || 1 } })}
            />
          </Group>
        ) : null}
        <Select
          label="Ends by itself after"
          w={170}
          data={TTL_PRESETS}
          value={String(draft.ttl)}
          allowDeselect={false}
          onChange={(value) => onChange({ ...draft, ttl: Number(value) })}
        />
        <Select
          label="Preview on the last"
          w={150}
          data={[
            { value: "1", label: "1 day" },
            { value: "3", label: "3 days" },
            { value: "7", label: "7 days" },
            { value: "14", label: "14 days" },
          ]}
          value={String(draft.days)}
          allowDeselect={false}
          onChange={(value) => onChange({ ...draft, days: Number(value) })}
        />
      </Group>
      <Targets draft={draft} onChange={onChange} />
      <TextInput
        label="Reason"
        description="Kept with the block and in the audit log."
        required
        value={draft.reason.text}
        onChange={(event) =>
          onChange({ ...draft, reason: { ...draft.reason, text: event.currentTarget.value } })
        }
      />
    </Stack>
  );
}

/** A bare address means exactly that address. */
function withPrefix(text: string): string {
  const value = text.trim();
  if (value.includes("/")) return value;
  return `${value}/${value.includes(":") ? 128 : 32}`;
}

function Headers({ match, set }: { match: BlockMatch; set: (change: Partial<BlockMatch>) => void }) {
  const update = (index: number, change: Partial<BlockMatch["headers"][number]>): void =>
    set({ headers: match.headers.map((header, at) => (at === index ? { ...header, ...change } : header)) });
  return (
    <Stack gap={8} align="flex-start">
      <Text size="sm" fw={500}>
        Headers
      </Text>
      {match.headers.map((header, index) => (
        <Group key={index} gap={8}>
          <TextInput
            aria-label={`Header ${index + 1} name`}
            placeholder="user-agent"
            value={header.name}
            onChange={(event) => update(index, { name: event.currentTarget.value })}
          />
          <Select
            aria-label={`Header ${index + 1} comparison`}
            w={120}
            data={["equals", "contains", "prefix"]}
            value={header.operator}
            allowDeselect={false}
            onChange={(operator) => update(index, { operator: operator ?? "equals" })}
          />
          <TextInput
            aria-label={`Header ${index + 1} value`}
            value={header.value}
            onChange={(event) => update(index, { value: event.currentTarget.value })}
          />
          <Button
            variant="subtle"
            color="gray"
            aria-label={`Remove header ${index + 1}`}
            onClick={() => set({ headers: match.headers.filter((_, at) => at !== index) })}
          >
            <IconTrash size={15} aria-hidden />
          </Button>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => set({ headers: [...match.headers, { name: "", operator: "equals", value: "" }] })}
      >
        Add a header
      </Button>
    </Stack>
  );
}

function Targets({ draft, onChange }: StepProps) {
  const targets = useQuery({
    queryKey: ["blocks", "targets"],
    queryFn: async () =>
      (await unwrapPage(api.GET("/blocks/targets", { params: { path: {}, query: { limit: 200 } } }))).data,
  });
  const chosen = (target: BlockTarget): boolean =>
    draft.targets.some((t) => t.connection_id === target.connection_id && t.ref === target.ref);
  const toggle = (target: BlockTarget, on: boolean): void => {
    const rest = draft.targets.filter(
      (t) => !(t.connection_id === target.connection_id && t.ref === target.ref),
    );
    onChange({
      ...draft,
      targets: on ? [...rest, { connection_id: target.connection_id, ref: target.ref }] : rest,
    });
  };
  return (
    <div role="group" aria-labelledby="targets-label">
      <Text size="sm" fw={500} mb={6} id="targets-label">
        Where to enforce
      </Text>
      <Loaded query={targets} rows={3}>
        {(rows) =>
          rows.length ? (
            <Stack gap={8}>
              {rows.map((target) => (
                <Checkbox
                  key={target.connection_id + target.ref}
                  checked={chosen(target)}
                  disabled={target.can_write === false}
                  label={`${target.name} (${target.connection ?? target.vendor})`}
                  description={
                    target.can_write === false
                      ? (target.note ??
                        "The connection has no write permission. Add the optional write role to its set-up.")
                      : target.can_write === null
                        ? `Whether we may write here is not known yet. ${target.note ?? ""}`
                        : target.note
                  }
                  onChange={(event) => toggle(target, event.currentTarget.checked)}
                />
              ))}
            </Stack>
          ) : (
            <Text size="sm" c="dimmed">
              No connected firewall or gateway can be written to. Connect one with the optional write
              permission; a preview works without it.
            </Text>
          )
        }
      </Loaded>
    </div>
  );
}
