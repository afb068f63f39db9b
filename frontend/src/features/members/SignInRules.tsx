import { Button, Group, Radio, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, problemOf, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { PLACE, useCan } from "@/api/session";
import type { SecondFactorRule } from "@/api/types";
import { plural } from "@/ui/format";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";
import { peopleQuery } from "./query";

const CHOICES: { value: SecondFactorRule; label: string; description: string }[] = [
  { value: "nobody", label: "Nobody", description: "Everyone decides for themselves." },
  {
    value: "admins",
    label: "Admins and owners",
    description: "Whoever can change members, tokens and settings.",
  },
  {
    value: "everyone",
    label: "Everyone",
    description: "Everyone who signs in with a password. Who comes by single sign-on shows theirs there.",
  },
];

/** Who must have a second factor. Counts from everybody's next request. */
export function SignInRules() {
  const rule = useQuery({
    queryKey: ["sign-in-policy"],
    queryFn: () => unwrap(api.GET("/sign-in-policy", { params: { path: {} } })),
  });
  return (
    <Loaded query={rule} rows={4}>
      {(data) => <Rule key={data.second_factor} now={data.second_factor} />}
    </Loaded>
  );
}

function Rule({ now }: { now: SecondFactorRule }) {
  const can = useCan("tenant.write");
  const [chosen, setChosen] = useState(now);
  const people = useQuery(peopleQuery).data;
  const save = useChange({
    run: () =>
      unwrap(api.PATCH("/sign-in-policy", { params: { path: {} }, body: { second_factor: chosen } })),
    touches: [["sign-in-policy"], PLACE],
    done: "The rule counts from now on.",
    quiet: true,
  });
  const meant = (people ?? []).filter(
    (person) => chosen === "everyone" || ["owner", "admin"].includes(person.role),
  );
  const without = chosen === "nobody" ? 0 : meant.filter((person) => !person.second_factor).length;
  const own = save.error && problemOf(save.error).code === "no-factor-of-your-own";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap={14}>
        <Radio.Group
          aria-label="Who must have a second factor"
          value={chosen}
          onChange={(value) => setChosen(value as SecondFactorRule)}
        >
          <Stack gap={10}>
            {CHOICES.map((choice) => (
              <Radio key={choice.value} {...choice} disabled={!can} />
            ))}
          </Stack>
        </Radio.Group>
        {people && chosen !== "nobody" ? (
          <p className="soft" style={{ margin: 0, fontSize: 13 }} aria-live="polite">
            {without
              ? `${plural(without, "person has", "people have")} none yet of the ${meant.length} it is about. They set one up before they can go on; who comes by single sign-on is not asked.`
              : "Everyone it is about has one."}
          </p>
        ) : null}
        <FormProblem error={save.error} />
        {own ? (
          <Link to="/settings/$part" params={{ part: "account" }}>
            Set up a second factor of your own
          </Link>
        ) : null}
        <Group gap={12}>
          <Button type="submit" loading={save.isPending} disabled={!can || chosen === now}>
            Save the rule
          </Button>
          {can ? null : <span className="muted">Admins and owners change it.</span>}
        </Group>
      </Stack>
    </form>
  );
}
