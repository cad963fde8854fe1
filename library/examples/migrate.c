/* Migrates a simulated device between two hosts in one C program: the bytes are real, and time is simulated.
 *
 *   cc migrate.c $(pkg-config --cflags --libs mdevsim) -o migrate && ./migrate
 */
#include <mdevsim/mdevsim.h>
#include <stdio.h>

#define SOURCE "c0ffee00-0000-4000-8000-000000000001"
#define TARGET "c0ffee00-0000-4000-8000-000000000002"

static const char hosts[] =
    "[model.\"example.com/card\"]\n"
    "device_api = \"vfio-pci\"\n"
    "versions.1 = {}\n"
    "state = { memory = \"16MiB\", dirty_rate = \"4MiB/s\", features = [\"stop-copy\", \"p2p\", \"pre-copy\"] }\n"
    "[host.alpha.virtual.\"card/card\"]\n"
    "mdev_types = [ { id = \"1\", model = \"example.com/card\", version = 1, instances = [{ uuid = \"" SOURCE "\" }] } ]\n"
    "[host.beta.virtual.\"card/card\"]\n"
    "mdev_types = [ { id = \"1\", model = \"example.com/card\", version = 1, instances = [{ uuid = \"" TARGET "\" }] } ]\n";

static const char from[] = "alpha/kernel/mdevsim/devices/" SOURCE;
static const char to[] = "beta/kernel/mdevsim/devices/" TARGET;

static int migrate(mdevsim_simulation *simulation, uint64_t bandwidth) {
  mdevsim_migration result;
  const int error = mdevsim_migrate(simulation, from, to, bandwidth, 20000, &result);
  if (error != 0) {
    printf("at %llu MiB/s: %s\n", (unsigned long long)(bandwidth >> 20), mdevsim_last_error());
    return error;
  }
  printf("at %llu MiB/s: %llu rounds, downtime below 20 ms: %s\n", (unsigned long long)(bandwidth >> 20),
         (unsigned long long)result.rounds, result.downtime_us < 20000 ? "yes" : "no");
  return 0;
}

int main(void) {
  mdevsim_simulation *simulation = NULL;
  if (mdevsim_open_text(hosts, &simulation) != 0) {
    fprintf(stderr, "%s", mdevsim_last_error());
    return 1;
  }
  migrate(simulation, (uint64_t)1 << 20); /* the device writes faster than that */
  migrate(simulation, (uint64_t)100 << 20);

  char state[100];
  if (mdevsim_read(simulation, "alpha/kernel/mdevsim/devices/" SOURCE "/state", state, sizeof state) > 0)
    printf("source: %s", state);
  if (mdevsim_read(simulation, "beta/kernel/mdevsim/devices/" TARGET "/state", state, sizeof state) > 0)
    printf("target: %s", state);
  mdevsim_close(simulation);
  return 0;
}
