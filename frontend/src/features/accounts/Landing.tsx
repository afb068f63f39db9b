import { Button, Group, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { Logo } from "@/ui/Logo";
import css from "./Front.module.css";
import { slugFrom } from "./password";
import { SignUpForm } from "./SignUpForm";

/** The public host: what this is, sign-up, and the way to an existing workspace. */
export default function Landing() {
  useEffect(() => {
    document.title = "Portcullis: API security across your gateways";
  }, []);
  return (
    <div className={css["page"]}>
      <header className={css["story"]}>
        <div className={css["brand"]}>
          <Logo size={34} /> Portcullis
        </div>
        <h1>
          Know every API. <br />
          Stop attacks without breaking clients.
        </h1>
        <ul>
          <li>
            <strong>Every endpoint, from configuration alone</strong>
            Connect AWS API Gateway, AWS WAF or Kong with a read-only role, or drop a log. The inventory
            stands in minutes.
          </li>
          <li>
            <strong>Findings you can check</strong>
            Each comes with the vendor’s own document, the reason and a fix for your tools.
          </li>
          <li>
            <strong>Blocks that show their effect first</strong>
            Replayed on your past calls, checked by gates, limited in time, undone in one click.
          </li>
        </ul>
      </header>
      <main className={css["side"]}>
        <div className={css["box"]}>
          <h2>Create a workspace</h2>
          <p className="soft" style={{ margin: "0 0 18px" }}>
            No card. You connect your first gateway right after.
          </p>
          <SignUpForm />
        </div>
        <div className={`${css["box"]} ${css["alt"]}`}>
          <GoToWorkspace />
        </div>
      </main>
    </div>
  );
}

function GoToWorkspace() {
  const [slug, setSlug] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const name = slugFrom(slug.split(".")[0] ?? "");
        if (name) window.location.assign(`${window.location.protocol}//${name}.${window.location.host}/`);
      }}
    >
      <Group align="flex-end" gap={10} wrap="nowrap">
        <TextInput
          style={{ flex: 1 }}
          label="Go to your workspace"
          placeholder="your-company"
          required
          value={slug}
          onChange={(event) => setSlug(event.currentTarget.value)}
          rightSectionWidth="auto"
          rightSection={
            <span className="muted" style={{ padding: "0 10px", fontSize: 13 }}>
              .{window.location.host}
            </span>
          }
        />
        <Button type="submit" variant="default">
          Go
        </Button>
      </Group>
    </form>
  );
}
