using System.Text;
using StreamUsage.Http;

namespace StreamUsage.Tests.Http;

/// <summary>The model that a request asks for, in a form and in a path.</summary>
public sealed class RequestModelTests
{
    [Theory]
    [InlineData("form-data; name=file; filename=model.png", "form-data; name=model", "whisper-1")]
    [InlineData("form-data; name=\"file\"; filename=\"model\"", "form-data; name=\"model\"", "whisper-1")]
    [InlineData("form-data; name=model_id", "form-data; name=model", "whisper-1")]
    [InlineData("form-data; name=file; filename=model", "form-data; name=language", null)]
    public void A_form_names_the_model_in_its_field_not_in_a_file_name(string first, string second, string? model)
    {
        string form = $"--b\r\nContent-Disposition: {first}\r\n\r\nPNG\r\n"
            + $"--b\r\nContent-Disposition: {second}\r\n\r\nwhisper-1\r\n--b--\r\n";

        RequestModel.InBody(Encoding.UTF8.GetBytes(form)).Should().Be(model);
    }

    [Theory]
    [InlineData("/model/anthropic.claude-v1:0/converse", "anthropic.claude-v1:0")]
    [InlineData("/model/anthropic.claude-v1%3A0/invoke", "anthropic.claude-v1:0")]
    [InlineData("/openai/deployments/llama3:8b/chat/completions", "llama3:8b")]
    [InlineData("/v1beta/models/gemini-3:streamGenerateContent", "gemini-3")]
    [InlineData("/v1/publishers/meta/models/llama3:8b:rawPredict", "llama3:8b")]
    [InlineData("/v1/models", null)]
    [InlineData("/v1/chat", null)]
    public void A_colon_ends_the_model_in_a_path_only_before_a_verb(string path, string? model) =>
        RequestModel.InPath(path).Should().Be(model);
}
