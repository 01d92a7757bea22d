using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>The turn of one exchange. Disposed when it is over.</summary>
public interface ILicenseTurn : IAsyncDisposable
{
    /// <summary>Says how the exchange ended, before the turn is disposed. One that was broken off says nothing.</summary>
    /// <param name="failure">Why it failed; <see langword="null"/>: an answer came.</param>
    void Ended(LicenseServiceException? failure);
}
