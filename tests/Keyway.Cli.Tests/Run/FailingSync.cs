namespace Keyway.Cli.Run;

/// <summary>A disk that fails when it is asked whether it has everything: a library before the system's own that answers so. Compiled where there is a compiler.</summary>
internal sealed class FailingSync : IAsyncDisposable
{
    private readonly TemporaryFolder _own;

    private FailingSync(TemporaryFolder own) => _own = own;

    /// <summary>What stands before a command in a line of shell.</summary>
    public string Before => $"LD_PRELOAD='{_own.File("failing.so")}'";

    /// <summary>Compiles it.</summary>
    /// <param name="folder">The folder whose disk fails.</param>
    /// <param name="kind">Of what it fails: <c>S_ISREG</c> of files, <c>S_ISDIR</c> of folders.</param>
    public static async Task<FailingSync> MakeAsync(TemporaryFolder folder, string kind)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("puts a library before Linux's own");
        FailingSync made = new(new TemporaryFolder());
        made._own.Write("failing.c", $$"""
            #include <errno.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/stat.h>
            #include <unistd.h>
            int fsync(int fd)
            {
                char link[64], path[4096] = "";
                struct stat facts;
                snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
                if (readlink(link, path, sizeof path - 1) < 0 || fstat(fd, &facts) != 0) return 0;
                if (strncmp(path, "{{folder.Path}}", {{folder.Path.Length}}) != 0 || !{{kind}}(facts.st_mode)) return 0;
                errno = EIO;
                return -1;
            }
            """);
        await using ProgramRun compiler = ProgramRun.Shell($"cc -shared -fPIC -o '{made._own.File("failing.so")}' '{made._own.File("failing.c")}'");
        if (await compiler.EndAsync() == 0) return made;
        await made.DisposeAsync();
        Assert.Skip("there is no compiler for C");
        return made;
    }

    public ValueTask DisposeAsync()
    {
        _own.Dispose();
        return default;
    }
}
