namespace Keyway.Cdm.Host.Sandbox;

/// <summary>System calls of Linux that the sandbox is about: name, number on x86-64 and on arm64 (asm/unistd_64.h, asm-generic/unistd.h). -1: the processor has none of this name.</summary>
internal static class LinuxCalls
{
    /// <summary>What no module needs, nor anything that loads one.</summary>
    public static readonly (string Name, int X64, int Arm64)[] Denied =
    [
        // The network, and other processes by it.
        ("socket", 41, 198), ("socketpair", 53, 199), ("connect", 42, 203), ("bind", 49, 200), ("listen", 50, 201), ("accept", 43, 202), ("accept4", 288, 242),

        // Other programs and other processes.
        ("execve", 59, 221), ("execveat", 322, 281), ("fork", 57, -1), ("vfork", 58, -1), ("ptrace", 101, 117), ("process_vm_readv", 310, 270),
        ("process_vm_writev", 311, 271), ("kcmp", 312, 272), ("tkill", 200, 130), ("rt_sigqueueinfo", 129, 138), ("rt_tgsigqueueinfo", 297, 240),
        ("pidfd_open", 434, 434), ("pidfd_getfd", 438, 438), ("pidfd_send_signal", 424, 424), ("process_madvise", 440, 440), ("process_mrelease", 448, 448),
        ("migrate_pages", 256, 238), ("move_pages", 279, 239), ("setpgid", 109, 154), ("setsid", 112, 157),

        // Identity, and what others are allowed.
        ("setuid", 105, 146), ("setgid", 106, 144), ("setreuid", 113, 145), ("setregid", 114, 143), ("setresuid", 117, 147), ("setresgid", 119, 149),
        ("setfsuid", 122, 151), ("setfsgid", 123, 152), ("setgroups", 116, 159), ("capset", 126, 91), ("setrlimit", 160, 164), ("setns", 308, 268), ("unshare", 272, 97),
        ("chroot", 161, 51), ("pivot_root", 155, 41), ("personality", 135, 92),

        // The kernel: what widens it, steers it, or has a history of holes.
        ("bpf", 321, 280), ("perf_event_open", 298, 241), ("userfaultfd", 323, 282), ("io_uring_setup", 425, 425), ("io_uring_enter", 426, 426),
        ("io_uring_register", 427, 427), ("io_setup", 206, 0), ("io_submit", 209, 2), ("keyctl", 250, 219), ("add_key", 248, 217), ("request_key", 249, 218),
        ("init_module", 175, 105), ("finit_module", 313, 273), ("delete_module", 176, 106), ("kexec_load", 246, 104), ("kexec_file_load", 320, 294),
        ("reboot", 169, 142), ("swapon", 167, 224), ("swapoff", 168, 225), ("sethostname", 170, 161), ("setdomainname", 171, 162), ("iopl", 172, -1),
        ("ioperm", 173, -1), ("modify_ldt", 154, -1), ("vhangup", 153, 58), ("quotactl", 179, 60), ("quotactl_fd", 443, 443), ("acct", 163, 89), ("syslog", 103, 116),
        ("settimeofday", 164, 170), ("clock_settime", 227, 112), ("clock_adjtime", 305, 266), ("adjtimex", 159, 171), ("nfsservctl", 180, 42),
        ("lookup_dcookie", 212, 18), ("uselib", 134, -1), ("ustat", 136, -1), ("sysfs", 139, -1), ("_sysctl", 156, -1), ("lsm_set_self_attr", 460, 460),

        // Memory and messages that others see.
        ("shmget", 29, 194), ("shmat", 30, 196), ("shmctl", 31, 195), ("msgget", 68, 186), ("msgsnd", 69, 189), ("msgrcv", 70, 188), ("msgctl", 71, 187),
        ("semget", 64, 190), ("semop", 65, 193), ("semtimedop", 220, 192), ("semctl", 66, 191), ("mq_open", 240, 180), ("mq_unlink", 241, 181),
        ("mq_timedsend", 242, 182), ("mq_timedreceive", 243, 183), ("mq_notify", 244, 184),

        // Mounts.
        ("mount", 165, 40), ("umount2", 166, 39), ("move_mount", 429, 429), ("open_tree", 428, 428), ("open_tree_attr", 467, 467), ("fsopen", 430, 430),
        ("fsconfig", 431, 431), ("fsmount", 432, 432), ("fspick", 433, 433), ("mount_setattr", 442, 442), ("statmount", 457, 457), ("listmount", 458, 458),

        // Changes of the file system, and ways around names.
        ("creat", 85, -1), ("truncate", 76, 45), ("link", 86, -1), ("linkat", 265, 37), ("symlink", 88, -1), ("symlinkat", 266, 36), ("unlink", 87, -1),
        ("unlinkat", 263, 35), ("rename", 82, -1), ("renameat", 264, 38), ("renameat2", 316, 276), ("mkdir", 83, -1), ("mkdirat", 258, 34), ("rmdir", 84, -1),
        ("mknod", 133, -1), ("mknodat", 259, 33), ("chmod", 90, -1), ("fchmod", 91, 52), ("fchmodat", 268, 53), ("fchmodat2", 452, 452), ("chown", 92, -1),
        ("lchown", 94, -1), ("fchown", 93, 55), ("fchownat", 260, 54), ("utime", 132, -1), ("utimes", 235, -1), ("utimensat", 280, 88), ("futimesat", 261, -1),
        ("setxattr", 188, 5), ("lsetxattr", 189, 6), ("fsetxattr", 190, 7), ("setxattrat", 463, 463), ("removexattr", 197, 14), ("lremovexattr", 198, 15),
        ("fremovexattr", 199, 16), ("removexattrat", 466, 466), ("file_setattr", 469, 469), ("name_to_handle_at", 303, 264), ("open_by_handle_at", 304, 265),
        ("fanotify_init", 300, 262), ("fanotify_mark", 301, 263),
    ];

    /// <summary>What opens files, or tells of them by name.</summary>
    public static readonly (string Name, int X64, int Arm64)[] Files =
    [
        ("open", 2, -1), ("openat", 257, 56), ("openat2", 437, 437), ("access", 21, -1), ("faccessat", 269, 48), ("faccessat2", 439, 439), ("stat", 4, -1),
        ("lstat", 6, -1), ("readlink", 89, -1), ("readlinkat", 267, 78), ("statfs", 137, 43), ("getcwd", 79, 17), ("chdir", 80, 49), ("fchdir", 81, 50),
        ("getxattr", 191, 8), ("lgetxattr", 192, 9), ("getxattrat", 464, 464), ("listxattr", 194, 11), ("llistxattr", 195, 12), ("listxattrat", 465, 465),
        ("file_getattr", 468, 468), ("inotify_init", 253, -1), ("inotify_init1", 294, 26), ("inotify_add_watch", 254, 27),
    ];

    /// <summary>What is looked at by its arguments, or called here.</summary>
    public static readonly (string Name, int X64, int Arm64)[] Single =
    [
        ("clone", 56, 220), ("clone3", 435, 435), ("kill", 62, 129), ("tgkill", 234, 131), ("prctl", 157, 167), ("ioctl", 16, 29), ("prlimit64", 302, 261),
        ("newfstatat", 262, 79), ("statx", 332, 291), ("seccomp", 317, 277), ("landlock_create_ruleset", 444, 444), ("landlock_restrict_self", 446, 446),
    ];
}
