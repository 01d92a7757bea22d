using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>The coordinator of a host that is alone.</summary>
public static class LicenseCoordinator
{
    /// <summary>Lets every exchange begin: in one process the sharing of sessions sees to it that nothing is asked for twice.</summary>
    public static ILicenseCoordinator InProcess { get; } = new Alone();

    private sealed class Alone : ILicenseCoordinator
    {
        private static readonly Turn Free = new();

        public ValueTask<ILicenseTurn> EnterAsync(LicenseTurnRequest request, CancellationToken cancellationToken) => new(Free);

        private sealed class Turn : ILicenseTurn
        {
            public void Ended(LicenseServiceException? failure)
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
