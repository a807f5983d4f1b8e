# What pages call `start` and `stop`, and the plex that they begin with. Sourced by the session of a page.

start() {
    for member in "$@"; do
        rm -f $member.log
        ims member --config $member.toml 2>$member.log &
        echo $! >$member.pid
    done
    for member in "$@"; do
        until grep -qs DFS810I $member.log; do
            kill -0 $(cat $member.pid) || { cat $member.log; return 1; }
            sleep 0.1
        done
    done
}

stop() {
    for member in "$@"; do
        kill $(cat $member.pid)
        wait $(cat $member.pid)
    done
}

lose() {
    for member in "$@"; do
        kill -9 $(cat $member.pid)
        wait $(cat $member.pid)
    done 2>/dev/null
    return 0
}

# Waits until what `spoc` answers to $1 has $2 in it.
until_answer() {
    until spoc --wait 5 "$1" 2>&1 | grep -q -e "$2"; do sleep 0.2; done
}

plex_with_bank() {
    cp cluster-config/three-members/*.toml . &&
        ims certificates --plex PLEX1 --out certs IMS1 IMS2 IMS3 --operator operator &&
        start IMS1 IMS2 IMS3 &&
        mkdir source && cp -r cluster-config/sample/dbd cluster-config/sample/psb source &&
        spoc populate --mode setup source
}
