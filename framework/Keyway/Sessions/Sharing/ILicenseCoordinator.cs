using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>
/// Says whose turn it is to ask for a licence, for a host that is one of several processes: they ask once together. Keys do not move between processes, so a coordinator hands none
/// on; it says no where another process is the one to ask, and the host takes its work there.
/// </summary>
/// <remarks>
/// Within one process presentations of one sharing scope share their sessions whatever it says, and <see cref="LicenseCoordinator.InProcess"/> lets every exchange begin.
/// Threads: any, beside the mailboxes of sessions; a wait here holds up one exchange, and counts to nobody's patience but that of the readers.
/// </remarks>
public interface ILicenseCoordinator
{
    /// <summary>Waits for the turn of one exchange, before anything of it is sent.</summary>
    /// <param name="request">Which exchange.</param>
    /// <param name="cancellationToken">Ends the wait: nobody needs the licence any more.</param>
    /// <returns>The turn. Ownership: the engine's, which disposes it when the exchange is over.</returns>
    /// <exception cref="LicenseServiceException">The exchange is not to be made here, or not now: it fails with this.</exception>
    ValueTask<ILicenseTurn> EnterAsync(LicenseTurnRequest request, CancellationToken cancellationToken);
}
