namespace StreamUsage;

/// <summary>Represents an API format by name. Names ignore case; <c>default</c> equals <see cref="Auto"/>.</summary>
/// <param name="Name">The name, for example <c>"CLAUDE"</c>. A custom parser may use any name.</param>
public readonly record struct ApiFormat(string Name)
{
    private const string AutoName = "AUTO";

    /// <summary>Gets the format's name; <c>"AUTO"</c> if none was given.</summary>
    public string Name { get => field ?? AutoName; init; } = Name;

    /// <summary>Gets the format that is detected from the first event.</summary>
    public static ApiFormat Auto { get; } = new(AutoName);

    /// <summary>Gets the format of Anthropic Messages.</summary>
    public static ApiFormat Claude { get; } = new("CLAUDE");

    /// <summary>Gets the format of Anthropic Messages in Claude Code; read like <see cref="Claude"/>.</summary>
    public static ApiFormat ClaudeCli { get; } = new("CLAUDE_CLI");

    /// <summary>Gets the format of OpenAI and compatible APIs: Chat Completions and Responses, told apart by their
    /// events.</summary>
    public static ApiFormat OpenAI { get; } = new("OPENAI");

    /// <summary>Gets the format of OpenAI in Codex; read like <see cref="OpenAI"/>.</summary>
    public static ApiFormat OpenAICli { get; } = new("OPENAI_CLI");

    /// <summary>Gets the format of Google Gemini.</summary>
    public static ApiFormat Gemini { get; } = new("GEMINI");

    /// <summary>Gets the format of Google Gemini in Gemini CLI; read like <see cref="Gemini"/>.</summary>
    public static ApiFormat GeminiCli { get; } = new("GEMINI_CLI");

    /// <summary>Gets the format of Amazon Bedrock: Converse, and the native formats of invoked models.</summary>
    public static ApiFormat Bedrock { get; } = new("BEDROCK");

    /// <summary>Gets the format of Cohere: Chat (versions 1 and 2), Embed and Rerank.</summary>
    public static ApiFormat Cohere { get; } = new("COHERE");

    /// <summary>Gets the format of Mistral: Conversations, and the APIs that follow OpenAI's.</summary>
    public static ApiFormat Mistral { get; } = new("MISTRAL");

    /// <summary>Returns whether both names are equal, ignoring case.</summary>
    /// <param name="other">The format to compare with.</param>
    public bool Equals(ApiFormat other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Name);

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;
}
