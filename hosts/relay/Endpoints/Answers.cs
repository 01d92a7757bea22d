using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Relay.Serving;
using Keyway.Sessions;
using Keyway.Timeline;

namespace Keyway.Relay.Endpoints;

/// <summary>Which answer a failure is.</summary>
internal static class Answers
{
    /// <summary>Answers with it.</summary>
    /// <returns>The status.</returns>
    public static async Task<int> WriteAsync(HttpContext context, Exception exception)
    {
        if (exception is NotServedException not)
        {
            await Problems.WriteAsync(context, not.Status, not.Reason, not.Message, not.Refusal?.Page, not.Refusal?.Code, not.RetryAfter);
            return not.Status;
        }

        Refusal refusal = Refusal.Of(exception);
        (int Status, int? RetryAfter) answer = exception switch
        {
            KeyUnavailableException { Reason: KeyUnavailableReason.TimedOut or KeyUnavailableReason.Busy } => (StatusCodes.Status503ServiceUnavailable, 1),
            KeyUnavailableException { Reason: KeyUnavailableReason.NotYet } => (NotServedException.TooEarly, 5),
            KeyUnavailableException or LicenseServiceException or NoKeySystemException => (StatusCodes.Status403Forbidden, null),
            SampleDecryptionException { Status: DecryptStatus.KeyNotUsable or DecryptStatus.KeyNotFound } => (StatusCodes.Status403Forbidden, null),
            MediaFormatException { KeyDoesNotFit: true } => (StatusCodes.Status403Forbidden, null),
            RenditionNotFoundException or RangeNotFoundException => (StatusCodes.Status404NotFound, null),
            SourceException { IsMissing: true } => (StatusCodes.Status404NotFound, null),
            KeywayException => (StatusCodes.Status502BadGateway, null),
            _ => (StatusCodes.Status500InternalServerError, null),
        };
        await Problems.WriteAsync(context, answer.Status, refusal.Reason, refusal.Text, refusal.Page, refusal.Code, answer.RetryAfter);
        return answer.Status;
    }
}
