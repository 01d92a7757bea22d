using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Keyway.Fleet.Processes;

/// <summary>Redis or PostgreSQL for a test, from Debian's packages, with data of its own that goes with it.</summary>
internal sealed class Store : IAsyncDisposable
{
    private static readonly string[] PostgresFolders = ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/14/bin", "/usr/lib/postgresql/13/bin", "/usr/local/bin", "/usr/bin"];

    private readonly Func<Process> _start;
    private Process _process;

    private Store(string kind, string connection, int port, DirectoryInfo folder, Func<Process> start)
    {
        (Kind, Connection, Port, Folder, _start) = (kind, connection, port, folder, start);
        _process = start();
    }

    /// <summary>The value of <c>Fleet:Cluster</c>.</summary>
    public string Kind { get; }

    public string Connection { get; }

    public int Port { get; }

    /// <summary>Where its data is.</summary>
    public DirectoryInfo Folder { get; }

    /// <summary>The settings that lead to it.</summary>
    public string[] Settings => [$"Fleet:Cluster={Kind}", $"Fleet:Connection={Connection}"];

    /// <summary>Whether a kind is installed.</summary>
    public static bool IsInstalled(string kind) => kind == "Redis" ? Find("redis-server", ["/usr/bin", "/usr/local/bin", "/usr/sbin"]) is not null : Find("initdb", PostgresFolders) is not null;

    /// <param name="kind"><c>Redis</c> or <c>PostgreSql</c>.</param>
    /// <param name="schema">Of PostgreSQL: the file with its tables.</param>
    public static async Task<Store> StartAsync(string kind, string schema)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keyway-fleet-store-");
        int port = FleetProcess.FreePort();
        if (kind == "Redis")
        {
            string server = Find("redis-server", ["/usr/bin", "/usr/local/bin", "/usr/sbin"])!;
            Store redis = new(kind, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port},connectTimeout=2000,syncTimeout=3000"), port, folder, () => Run(server, ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder.FullName, "--appendonly", "yes", "--save", ""]));
            await redis.ListeningAsync();
            return redis;
        }

        // PostgreSQL refuses to be root.
        bool isRoot = Environment.UserName == "root";
        string bin = Path.GetDirectoryName(Find("initdb", PostgresFolders)!)!;
        string data = Path.Combine(folder.FullName, "data");
        if (isRoot) await DoneAsync(Run("chown", ["postgres", folder.FullName]));
        await DoneAsync(As(isRoot, Path.Combine(bin, "initdb"), ["-D", data, "-U", "fleet", "--auth=trust", "--no-sync"]));
        Store postgres = new(kind, $"Host=127.0.0.1;Port={port};Username=fleet;Database=postgres;Timeout=5;Command Timeout=5", port, folder,
            () => As(isRoot, Path.Combine(bin, "postgres"), ["-D", data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "log_statement=all"]));
        await postgres.ListeningAsync();
        await using Npgsql.NpgsqlConnection connection = new(postgres.Connection);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await connection.OpenAsync();
                break;
            }
            catch (Npgsql.NpgsqlException) when (attempt < 50)
            {
                await Task.Delay(200);
            }
        }

        // As it is: run twice, because an update is run over what is there.
        for (int i = 0; i < 2; i++)
        {
            await using Npgsql.NpgsqlCommand command = new(await File.ReadAllTextAsync(schema), connection);
            await command.ExecuteNonQueryAsync();
        }

        return postgres;
    }

    /// <summary>Ends it, as a store that is away.</summary>
    public async Task StopAsync()
    {
        if (_process.HasExited) return;
        using (Process kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    /// <summary>Starts it again, with the data that it had.</summary>
    public async Task ContinueAsync()
    {
        _process.Dispose();
        _process = _start();
        await ListeningAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
        Folder.Delete(recursive: true);
    }

    private async Task ListeningAsync()
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync("127.0.0.1", Port);
                return;
            }
            catch (SocketException) when (attempt < 200 && !_process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    private static string? Find(string program, string[] folders) => folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static Process As(bool isRoot, string program, string[] arguments) => isRoot ? Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]) : Run(program, arguments);

    private static Process Run(string program, string[] arguments)
    {
        ProcessStartInfo info = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        Process process = Process.Start(info)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task DoneAsync(Process process)
    {
        using (process)
        {
            await process.WaitForExitAsync();
            if (process.ExitCode != 0) throw new InvalidOperationException($"a store could not be made ({process.ExitCode})");
        }
    }
}
