import { ImportPanel, ImportProvider, MirrorBadge } from "convex-streaming-import/react";
import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export function App() {
  return (
    <ImportProvider functions={api.operations}>
      <main>
        <header>
          <h1>Customers</h1>
          <MirrorBadge mirror="customers" />
        </header>
        <Customers />
        <ImportPanel />
      </main>
    </ImportProvider>
  );
}

function Customers() {
  const customers = useQuery(api.customers.list);
  if (customers === undefined) return <p>Loading …</p>;
  if (customers.length === 0)
    return (
      <p>
        No rows yet: <code>npx streaming-import push customers.csv --mirror customers</code>
      </p>
    );
  return (
    <ul>
      {customers.map(({ id, name, email, plan, notes }) => (
        <li key={String(id)}>
          <strong>{name}</strong> {email} {plan !== null && <em>{plan}</em>}
          {notes.map((text, i) => (
            <p key={i}>{text}</p>
          ))}
          <AddNote customer={{ id, name }} />
        </li>
      ))}
    </ul>
  );
}

function AddNote({ customer: { id, name } }: { customer: { id: bigint; name: string } }) {
  const addNote = useMutation(api.customers.addNote);
  const [text, setText] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setText("");
        void addNote({ customerId: id, text });
      }}
    >
      <input
        aria-label={`Note about ${name}`}
        placeholder="Add a note"
        required
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
      <button type="submit">Add</button>
    </form>
  );
}
