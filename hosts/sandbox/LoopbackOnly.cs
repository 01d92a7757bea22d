namespace Keyway.Sandbox;

/// <summary>
/// Refuses requests whose <c>Host</c> is not loopback. Listening on loopback keeps other machines out; this keeps out web pages whose name
/// was made to resolve to 127.0.0.1.
/// </summary>
/// <param name="next">The rest of the application.</param>
internal sealed class LoopbackOnly(RequestDelegate next)
{
    /// <summary>Lets a request pass or answers 421 (RFC 9110, 15.5.20).</summary>
    /// <param name="context">The request.</param>
    /// <returns>A task that ends when the request has been dealt with.</returns>
    public Task InvokeAsync(HttpContext context) => IsLoopback(context.Request.Host.Host)
        ? next(context)
        : JsonAnswer.ErrorAsync(context, StatusCodes.Status421MisdirectedRequest, "not-loopback", "The Host of a request must be localhost, 127.0.0.1 or [::1].");

    // By these spellings alone: "loopback" and "localhost.example" are names like any other, and whoever owns one decides where it leads.
    private static bool IsLoopback(string host) => host is "127.0.0.1" or "[::1]" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
}
