using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>Reads the fields of a frame.</summary>
internal delegate T FrameFields<out T>(ref FrameReader fields);
