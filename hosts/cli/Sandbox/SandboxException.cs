namespace Keyway.Cli.Sandbox;

/// <summary>The sandbox does not run.</summary>
/// <param name="code">Its exit code: 2 where its arguments are wrong.</param>
/// <param name="said">What it said.</param>
internal sealed class SandboxException(int code, string said) : Exception($"the sandbox: {said}")
{
    public int Code { get; } = code;
}
