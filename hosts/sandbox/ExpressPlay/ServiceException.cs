namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The service refuses. The text never holds what a parameter held.</summary>
/// <param name="code">The service's code.</param>
/// <param name="detail">What is wrong in this case; empty: what the code means.</param>
internal sealed class ServiceException(int code, string detail = "") : Exception(detail.Length > 0 ? detail : ErrorCodes.Find(code).Meaning)
{
    /// <summary>The code, with its meaning and status.</summary>
    public ErrorCode Code { get; } = ErrorCodes.Find(code);
}
