// The C client library of MariaDB (Debian: libmariadb-dev), which speaks to MySQL as well.
#include <stddef.h>

#include <mysql.h>
#include <errmsg.h>
#include <mysql/plugin_auth.h>

// A way to log in. mysql/client_plugin.h declares what follows, but includes a header that Debian does not ship.
struct st_mysql_client_plugin_AUTHENTICATION {
    int type;
    unsigned int interface_version;
    const char *name;
    const char *author;
    const char *desc;
    unsigned int version[3];
    const char *license;
    void *mysql_api;
    void *init;
    void *deinit;
    void *options;
    int (*authenticate_user)(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql);
};
struct st_mysql_client_plugin *mysql_client_register_plugin(MYSQL *mysql, struct st_mysql_client_plugin *plugin);

// What was stored with MARIADB_OPT_USERDATA; null when nothing was. Swift does not import variadic functions.
static inline void *mysql_userdata(MYSQL *mysql, const char *key) {
    void *value = NULL;
    mysql_get_optionv(mysql, MARIADB_OPT_USERDATA, key, &value);
    return value;
}

// Sends a command that the library has no function for, without waiting for an answer.
static inline int mysql_send_raw_command(MYSQL *mysql, int command, const char *argument, size_t length) {
    return mysql->methods->db_command(mysql, (enum enum_server_command)command, argument, length, 1, NULL);
}
