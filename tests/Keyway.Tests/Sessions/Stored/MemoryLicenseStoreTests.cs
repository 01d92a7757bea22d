using Keyway.Testing;

namespace Keyway.Sessions;

public sealed class MemoryLicenseStoreTests
{
    public static TheoryData<string> Promises => [.. LicenseStoreConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Memory_keeps_the_promise(string promise) => new LicenseStoreConformance(static () => new MemoryLicenseStore()).CheckAsync(promise);
}
