import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentPropsWithRef } from "react";

type AnchorProps = ButtonProps & Omit<ComponentPropsWithRef<"a">, keyof ButtonProps>;

function Anchor(props: AnchorProps) {
  return <Button component="a" {...props} />;
}

/** A link that looks like a button, with the router's checked addresses. */
export const ButtonLink = createLink(Anchor);
