namespace Keyway.Sandbox.ExpressPlay;

/// <summary>A good token at a licence host.</summary>
/// <param name="state">Credits and log.</param>
/// <param name="token">A name for the token.</param>
/// <param name="grant">What it stands for.</param>
/// <param name="now">The time.</param>
/// <param name="device">The device, where the challenge says which.</param>
/// <param name="ip">From where it is asked.</param>
internal sealed class Admission(ServiceState state, string token, TokenGrant grant, DateTimeOffset now, string? device, string? ip)
{
    /// <summary>What the token stands for.</summary>
    public TokenGrant Grant => grant;

    /// <summary>The time by which it was judged.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Redeems the token: at the first licence, not before.</summary>
    /// <param name="isKept">Whether the answer will arrive.</param>
    /// <param name="issue">Makes the answer.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ServiceException">The token has been redeemed too often, or there is no credit.</exception>
    public byte[] Redeem(bool isKept, Func<byte[]> issue)
    {
        int count;
        try
        {
            count = state.Take(token, grant);
        }
        catch (ServiceException e)
        {
            throw Refuse(e.Code.Code == ErrorCodes.Credits ? "no-credits" : "redeemed-too-often", e);
        }

        byte[]? answer = null;
        try
        {
            answer = issue();
            return answer;
        }
        finally
        {
            if (answer is null || !isKept) state.GiveBack(token, grant);
            if (answer is null) state.Record(token, grant, count: null, "no-licence", now, device, ip);
            else if (isKept) state.Record(token, grant, count, "redeemed", now, device, ip);
        }
    }

    /// <summary>Writes into the log that the token was refused.</summary>
    /// <param name="outcome">Why.</param>
    /// <param name="error">The error to answer with.</param>
    /// <returns>The same error.</returns>
    public ServiceException Refuse(string outcome, ServiceException error)
    {
        state.Record(token, grant, count: null, outcome, now, device, ip);
        return error;
    }

    /// <summary>The token's name, never the token.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => token;
}
