import { useState } from "react";

const STORED_AS = "apron.author";

/** The name that this browser signs notes with. There is no sign-in here; an app that has one uses that. */
export function useAuthor(): [string, (author: string) => void] {
  const [author, setAuthor] = useState(() => localStorage.getItem(STORED_AS) ?? "");
  return [
    author,
    (name) => {
      localStorage.setItem(STORED_AS, name);
      setAuthor(name);
    },
  ];
}
