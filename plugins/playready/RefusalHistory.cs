using Keyway.Licensing;
using Keyway.PlayReady.Soap;

namespace Keyway.PlayReady;

/// <summary>How often a service has said no in a session, so that nothing is repeated blindly.</summary>
internal sealed class RefusalHistory
{
    private const int MostRedirects = 5;
    private const int MostServerErrors = 3;

    private int _redirects;
    private int _serverErrors;
    private bool _invalidMessage;

    /// <summary>Where the service says that the next challenge goes. The framework uses it only if its origin is trusted.</summary>
    public Uri? RedirectUrl { get; private set; }

    /// <summary>Forgets everything: the service has said yes.</summary>
    public void Clear() => (_redirects, _serverErrors, _invalidMessage, RedirectUrl) = (0, 0, false, null);

    /// <summary>Says what a fault means and whether a fresh challenge may be tried.</summary>
    public LicenseServiceException Judge(SoapFault fault, int status)
    {
        (string name, string? advice) = fault.Describe();
        bool retryable = fault.Code switch
        {
            PlayReadyCode.ServerInternalError => ++_serverErrors <= MostServerErrors,
            PlayReadyCode.ServerInvalidMessage => !Interlocked.Exchange(ref _invalidMessage, true),
            PlayReadyCode.ProtocolRedirect => TryRedirect(fault.RedirectUrl),
            _ => false,
        };

        string code = fault.Code is uint known ? PlayReadyError.Text(known) : "no code";
        LicenseServiceException exception = new(fault.Kind, $"PlayReady service: {name} ({code})")
        {
            ProviderCode = fault.Code is null ? null : code,
            Retryable = retryable,
            Status = status,
            Advice = advice,
        };
        if (fault.CustomData is { Length: > 0 }) exception.Data["CustomData"] = fault.CustomData;   // for the application; no log prints it
        return exception;
    }

    private bool TryRedirect(string? url)
    {
        if (++_redirects > MostRedirects || !Uri.TryCreate(url, UriKind.Absolute, out Uri? target) || target.Scheme is not ("https" or "http")) return false;
        if (RedirectUrl?.Scheme == "https" && target.Scheme == "http") return false;
        RedirectUrl = target;
        return true;
    }
}
