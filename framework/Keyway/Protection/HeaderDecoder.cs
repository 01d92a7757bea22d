using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>Has a header read by the key system that knows it; only a key system can decode the data.</summary>
/// <param name="data">The header.</param>
/// <returns>The header as understood; <see langword="null"/> when nobody here knows the system.</returns>
/// <exception cref="ProtectionHeaderException">It cannot be read.</exception>
internal delegate ProtectionHeader? HeaderDecoder(InitializationData data);
