namespace Keyway.Cdm.FakeHost;

/// <summary>What the actions of a script are about.</summary>
/// <param name="Promise">The promise of the call.</param>
/// <param name="Session">The session.</param>
/// <param name="Data">What came with it: init data, an answer, the content of a file.</param>
/// <param name="File">The file.</param>
internal readonly record struct FakeCall(uint Promise = 0, string Session = "", byte[]? Data = null, FakeFile? File = null);
