# The hosts of a page, and what may befall them. Sourced by the session of a page; tests/src/hosts.rs sets the variables.

# Every host has a folder; in namespaces it has a network device too, at the bridge that the session has.
hosts_up() {
    if [ $NETWORK = namespaces ]; then
        ip link set lo up
        ip link add plex type bridge
        ip link set plex up
    fi
    while read -r host address; do
        mkdir -p $HOSTS/$host/root $HOSTS/$host/run
        echo $address >$HOSTS/$host/run/address
        if [ $NETWORK = namespaces ]; then
            namespace_up $host $address || return 1
        fi
    done <addresses
}

namespace_up() {
    unshare --net sleep infinity &
    holder=$!
    until [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
    echo $holder >$HOSTS/$1/run/namespace
    ip link add $1 type veth peer name eth0 netns $holder &&
        ip link set $1 master plex up &&
        nsenter --target $holder --net ip link set lo up &&
        nsenter --target $holder --net ip address add $2/24 dev eth0 &&
        nsenter --target $holder --net ip link set eth0 up
}

# Runs a file of commands on a host: `on ims1 FILE`.
on() {
    if [ $NETWORK = namespaces ]; then
        set -- "$@" nsenter --target $(cat $HOSTS/$1/run/namespace) --net
    fi
    host=$1 file=$2
    shift 2
    mkdir -p $HOSTS/$host/work
    # The programs of the package, once it is installed, and no others of ours.
    (
        cd $HOSTS/$host/work &&
            PATH=$STAND_INS:$HOSTS/$host/usr/bin:${PATH#*:*:} HOST=$host HOST_ROOT=$HOSTS/$host HOME=$HOSTS/$host/root \
            XDG_CONFIG_HOME= page_status=$page_status "$@" bash $file
    )
}

member_of() {
    cat $HOSTS/$1/run/ims@*.pid
}

# The network of a host is cut off. Without a device to cut, its member stands still.
cut_off() {
    if [ $NETWORK = namespaces ]; then ip link set $1 down; else kill -STOP $(member_of $1); fi
}

mend() {
    if [ $NETWORK = namespaces ]; then ip link set $1 up; else kill -CONT $(member_of $1); fi
}

# The power of a host is gone, and so is its disk.
lose_host() {
    kill -9 $(member_of $1)
    if [ $NETWORK = namespaces ]; then ip link delete $1; fi
    rm -rf $HOSTS/$1/var/lib/imsplex
}
