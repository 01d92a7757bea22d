namespace Keyway.Licensing.Steps;

/// <summary>
/// Marks a step that calls the rest of the pipeline at most once. Answers are judged inside the last step that may call it again, so that such a
/// step sees a refusal and steps further in see the body first.
/// </summary>
internal interface ICallsNextOnce;

/// <summary>Marks a step that recognises refusals in bodies, and so must stand inside every step that may call again.</summary>
internal interface IErrorProbe;
