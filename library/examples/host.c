/* A simulated host in a C program: creates mediated devices until the parent has no room for more.
 *
 *   cc host.c $(pkg-config --cflags --libs mdevsim) -o host && ./host
 */
#include <errno.h>
#include <mdevsim/mdevsim.h>
#include <stdio.h>
#include <string.h>

static const char host[] =
    "[host.alpha.virtual.\"mtty/mtty\"]\n"
    "pool = { units = 3, exhausted = \"ENOSPC\" }\n"
    "mdev_types = [ { id = \"2\", name = \"Dual port serial\", units = 2 } ]\n";

static const char type[] = "/sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-2";

int main(void) {
  mdevsim_simulation* simulation = NULL;
  if (mdevsim_open_text(host, &simulation) != 0) {
    fprintf(stderr, "%s", mdevsim_last_error());
    return 1;
  }

  /* Paths begin in the host's /sys. */
  const char* types = type + strlen("/sys/");
  char path[200];
  char uuid[40];
  for (int i = 1; i <= 2; ++i) {
    snprintf(path, sizeof path, "%s/create", types);
    snprintf(uuid, sizeof uuid, "c0ffee00-1234-4abc-8def-%012d", i);
    const int result = mdevsim_write(simulation, path, uuid, strlen(uuid));
    printf("%s: %s\n", uuid, result == 0 ? "created" : strerror(-result));
  }

  char text[4096];
  snprintf(path, sizeof path, "%s/available_instances", types);
  if (mdevsim_read(simulation, path, text, sizeof text) > 0) printf("left: %s", text);
  if (mdevsim_list(simulation, "bus/mdev/devices", text, sizeof text) > 0) printf("%s", text);
  if (mdevsim_take_events(simulation, text, sizeof text) > 0) printf("%s", text);
  mdevsim_close(simulation);
  return 0;
}
