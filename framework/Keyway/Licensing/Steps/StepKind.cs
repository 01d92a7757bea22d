namespace Keyway.Licensing.Steps;

/// <summary>The steps that do one thing for one key system and another for the next, and may do so by the kind of challenge.</summary>
internal enum StepKind
{
    CustomData = 0,
    Request,
    Response,
    Errors,
}
