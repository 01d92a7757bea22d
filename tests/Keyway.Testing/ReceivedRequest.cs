using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>One request, as a fake service received it.</summary>
/// <param name="Request">Its line and headers.</param>
/// <param name="Body">Its body as text.</param>
/// <param name="Attempt">Which attempt of its exchange it was.</param>
public sealed record ReceivedRequest(LicenseRequest Request, string Body, int Attempt);
