/** What every executable of this kind pays: its engine starts and ends. Built as dist/podwire is. */
process.exit(0);
