// What an officer did, kept on the phone until the server has it.
//
// One IndexedDB store, an entry an action, in the order in which they were done. An entry leaves it
// only when the server has answered that the action is done, or kept as given up.
const NAME = "sizao-field";
const STORE = "actions";

let opened;
function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "client_id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Run `act` on the store; resolves when the transaction is durable, with what the request gave. */
async function within(mode, act) {
  const base = await open();
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(STORE, mode, { durability: "strict" });
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** Entries of one account, first done first. */
export async function queued(user) {
  const all = await within("readonly", (store) => store.getAll());
  return all.filter((one) => one.user === user).sort((a, b) => a.order - b.order);
}

export function keep(entry) {
  return within("readwrite", (store) => store.put(entry));
}

export function remove(id) {
  return within("readwrite", (store) => store.delete(id));
}

/** The server has done `entry`: take it out, and let later ones of the case stand on its result,
 * in one transaction, so that a kill between the two cannot make our own step a stranger's. */
export async function done(entry, answer) {
  const later = answer.own ? (await queued(entry.user)).filter((one) => one.case === entry.case && one.order > entry.order) : [];
  await within("readwrite", (store) => {
    for (const one of later) store.put({ ...one, given: { ...one.given, version: answer.version } });
    return store.delete(entry.client_id);
  });
}
