using System.Diagnostics;
using Keyway.Cli.Run;

namespace Keyway.Cli.Sandbox;

/// <summary>What the sandbox is started with. It changes the environment of the process, which is every command's: it runs alone.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class SandboxProcessTests
{
    [Fact]
    public void Child_gets_neither_secrets_nor_settings_of_keyway_and_everything_else()
    {
        string own = $"KEYWAYTEST{Environment.ProcessId}";
        string[] variables = ["KEYWAY_SECRET_LICENSE_STORE", "keyway_secret_token", "Keyway__Providers__acme__Token__Secret", "KEYWAY__HTTP__X", own];
        foreach (string variable in variables) Environment.SetEnvironmentVariable(variable, "s3cret");
        try
        {
            ProcessStartInfo info = SandboxProcess.StartInfo(["--port", "0"]);
            info.Environment.Should().ContainKey(own).And.ContainKey("PATH");
            info.Environment.Keys.Should().NotContain(static name => name.StartsWith("KEYWAY_SECRET_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("KEYWAY__", StringComparison.OrdinalIgnoreCase));
        }
        finally
        {
            foreach (string variable in variables) Environment.SetEnvironmentVariable(variable, null);
        }
    }
}
