/** Binds the machine's programs and libraries into the directory a shell is in, read only where the kernel lets us. */
export const BIND_PROGRAMS = `
for name in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L /$name ]; then ln -s "$(readlink /$name)" $name
  elif [ -d /$name ]; then
    mkdir $name
    mount --rbind /$name $name
    mount -o remount,bind,ro $name 2>/dev/null || :
  fi
done`;

/** Quotes a text for the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
